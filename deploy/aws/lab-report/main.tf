# The lab report's environment as somebody would write it who does it once and by hand: a machine with a fixed address, a name, a
# firewall and a key; `environments` times. It is what Koza is measured against. What runs on the machine is not part of it.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

# Against moto: AWS_ENDPOINT_URL names the endpoint of every service.
provider "aws" {
  region = var.region

  default_tags {
    tags = { Course = "lab-report" }
  }
}

locals {
  names = [for number in range(1, var.environments + 1) : "c${number}"]

  # The report's inbound table: FTP, SSH, HTTP, HTTPS, the container, FTP's passive ports.
  open_ports = {
    "FTP"         = [21, 21]
    "SSH"         = [22, 22]
    "HTTP"        = [80, 80]
    "HTTPS"       = [443, 443]
    "container"   = [8080, 8080]
    "FTP passive" = [60000, 60010]
  }
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnet" "zone" {
  count = length(var.zones)

  vpc_id            = data.aws_vpc.default.id
  availability_zone = var.zones[count.index]
  default_for_az    = true
}

resource "aws_key_pair" "student" {
  count = var.environments

  key_name   = local.names[count.index]
  public_key = var.public_key
}

resource "aws_security_group" "web" {
  count = var.environments

  name        = local.names[count.index]
  description = "The report's inbound rules"
  vpc_id      = data.aws_vpc.default.id
  tags        = { Name = local.names[count.index] }

  dynamic "ingress" {
    for_each = local.open_ports
    content {
      description = ingress.key
      protocol    = "tcp"
      from_port   = ingress.value[0]
      to_port     = ingress.value[1]
      cidr_blocks = ingress.key == "SSH" ? var.ssh_from : ["0.0.0.0/0"]
    }
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "web" {
  count = var.environments

  ami                    = var.ami
  instance_type          = var.instance_type
  key_name               = aws_key_pair.student[count.index].key_name
  subnet_id              = data.aws_subnet.zone[0].id
  vpc_security_group_ids = [aws_security_group.web[count.index].id]
  tags                   = { Name = local.names[count.index] }

  root_block_device {
    volume_type = "gp3"
    volume_size = 8
    encrypted   = var.encrypted
    tags        = { Name = local.names[count.index] }
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_eip" "web" {
  count = var.environments

  domain = "vpc"
  tags   = { Name = local.names[count.index] }
}

resource "aws_eip_association" "web" {
  count = var.environments

  allocation_id = aws_eip.web[count.index].id
  instance_id   = aws_instance.web[count.index].id
}

resource "aws_route53_record" "web" {
  count = var.environments

  zone_id = var.zone_id
  name    = local.names[count.index]
  type    = "A"
  ttl     = 60
  records = [aws_eip.web[count.index].public_ip]
}
