output "addresses" {
  description = "What the names point to."
  value       = { for number, record in aws_route53_record.web : record.fqdn => aws_eip.web[number].public_ip }
}

output "balancer" {
  description = "The load balancer's own name; nothing without scale_out."
  value       = one(aws_lb.web[*].dns_name)
}
