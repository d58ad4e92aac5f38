# What Koza needs in an AWS account: a role with its policy, and the zone of the machines' domain.

data "aws_caller_identity" "here" {}
data "aws_region" "here" {}

locals {
  name = "koza-${var.installation}"
  tags = { "koza:installation" = var.installation }

  statements = jsondecode(templatefile("${path.module}/../policy.json", {
    account      = data.aws_caller_identity.here.account_id
    region       = data.aws_region.here.name
    installation = var.installation
    zone_id      = aws_route53_zone.machines.zone_id
    domain       = var.domain
  })).Statement

  # A managed policy holds 6,144 characters, so the statements go into several, as in ../render-policy. How many is counted in the file
  # itself: Terraform wants to know it before the zone has its id.
  per_part = 14
  parts    = ceil(length(jsondecode(file("${path.module}/../policy.json")).Statement) / local.per_part)
}

resource "aws_route53_zone" "machines" {
  name    = var.domain
  comment = "Names of Koza's machines"
  tags    = local.tags
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = length(var.trusted) > 0 ? [var.trusted] : []
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }

  dynamic "statement" {
    for_each = var.on_ec2 ? ["ec2.amazonaws.com"] : []
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
    }
  }
}

resource "aws_iam_role" "koza" {
  name               = local.name
  description        = "Koza: machines of courses"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = local.tags

  lifecycle {
    precondition {
      condition     = length(var.trusted) > 0 || var.on_ec2
      error_message = "Nobody could take the role: set trusted or on_ec2."
    }
  }
}

resource "aws_iam_policy" "koza" {
  count = local.parts

  name        = "${local.name}-${count.index + 1}"
  description = "Koza, part ${count.index + 1} of ${local.parts}"
  tags        = local.tags

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for number, statement in local.statements : statement if floor(number / local.per_part) == count.index]
  })
}

resource "aws_iam_role_policy_attachment" "koza" {
  count = local.parts

  role       = aws_iam_role.koza.name
  policy_arn = aws_iam_policy.koza[count.index].arn
}

resource "aws_iam_instance_profile" "koza" {
  count = var.on_ec2 ? 1 : 0

  name = local.name
  role = aws_iam_role.koza.name
  tags = local.tags
}
