# The lecture: snapshot → image → clone in another zone with its own address → load balancer before both.

locals {
  scale_out = var.scale_out ? 1 : 0
}

resource "aws_ebs_snapshot" "web" {
  count = local.scale_out

  volume_id   = aws_instance.web[0].root_block_device[0].volume_id
  description = "The first server's disk"
  tags        = { Name = "WebServer", State = "Original" }
}

resource "aws_ami" "web" {
  count = local.scale_out

  name                = "WebServer"
  virtualization_type = "hvm"
  architecture        = "x86_64"
  root_device_name    = "/dev/xvda"
  ena_support         = true
  imds_support        = "v2.0"

  ebs_block_device {
    device_name = "/dev/xvda"
    snapshot_id = aws_ebs_snapshot.web[0].id
    volume_type = "gp3"
  }
}

resource "aws_instance" "clone" {
  count = local.scale_out

  ami                    = aws_ami.web[0].id
  instance_type          = var.instance_type
  key_name               = aws_key_pair.student[0].key_name
  subnet_id              = data.aws_subnet.zone[1].id
  vpc_security_group_ids = [aws_security_group.web[0].id]
  tags                   = { Name = "WebServer2" }

  root_block_device {
    volume_type = "gp3"
    volume_size = 8
    encrypted   = var.encrypted
    tags        = { Name = "WebServer2" }
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_eip" "clone" {
  count = local.scale_out

  domain = "vpc"
  tags   = { Name = "WebServer2" }
}

resource "aws_eip_association" "clone" {
  count = local.scale_out

  allocation_id = aws_eip.clone[0].id
  instance_id   = aws_instance.clone[0].id
}

resource "aws_security_group" "balancer" {
  count = local.scale_out

  name        = "LoadBalancer"
  description = "HTTP from everywhere"
  vpc_id      = data.aws_vpc.default.id
  tags        = { Name = "LoadBalancer" }

  ingress {
    protocol    = "tcp"
    from_port   = 80
    to_port     = 80
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb" "web" {
  count = local.scale_out

  name               = "LoadBalancer"
  load_balancer_type = "application"
  security_groups    = [aws_security_group.balancer[0].id]
  subnets            = data.aws_subnet.zone[*].id
  tags               = { Description = "L7LB for Web Servers" }
}

resource "aws_lb_target_group" "web" {
  count = local.scale_out

  name     = "WebServers"
  protocol = "HTTP"
  port     = 80
  vpc_id   = data.aws_vpc.default.id
}

resource "aws_lb_listener" "web" {
  count = local.scale_out

  load_balancer_arn = aws_lb.web[0].arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web[0].arn
  }
}

resource "aws_lb_target_group_attachment" "web" {
  count = var.scale_out ? 2 : 0

  target_group_arn = aws_lb_target_group.web[0].arn
  target_id        = [aws_instance.web[0].id, aws_instance.clone[0].id][count.index]
}
