output "role_arn" {
  description = "The role that Koza takes."
  value       = aws_iam_role.koza.arn
}

output "zone_id" {
  description = "The zone of the machines' domain."
  value       = aws_route53_zone.machines.zone_id
}

output "name_servers" {
  description = "To be entered where the parent domain is kept, as NS records of the machines' domain."
  value       = aws_route53_zone.machines.name_servers
}

output "instance_profile" {
  description = "For the machine on which Koza runs; nothing unless on_ec2."
  value       = one(aws_iam_instance_profile.koza[*].name)
}

output "settings" {
  description = "The settings of the cloud's row in Koza."
  value       = jsonencode({ hosted_zone = aws_route53_zone.machines.zone_id })
}
