variable "installation" {
  description = "Which Koza this is: the id in its database (32 hexadecimal digits). Every statement of the policy holds to it."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.installation))
    error_message = "32 hexadecimal digits, without hyphens: select replace(id::text, '-', '') from installation"
  }
}

variable "domain" {
  description = "The domain under which machines get their names: a subdomain of its own, for instance labs.example.ac.jp."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+[.])+[a-z0-9-]+$", var.domain))
    error_message = "Lower case and no dot at the end: Route 53 compares names in that form."
  }
}

variable "trusted" {
  description = "Who may take the role: ARNs of a user, a role, or an account (arn:aws:iam::ACCOUNT:root, whoever that account lets)."
  type        = list(string)
  default     = []
}

variable "on_ec2" {
  description = "True if Koza itself runs on an EC2 machine: that machine takes the role by an instance profile and needs no key."
  type        = bool
  default     = false
}
