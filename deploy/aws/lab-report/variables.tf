variable "environments" {
  description = "How many students."
  type        = number
  default     = 1
}

variable "scale_out" {
  description = "The lecture's second part for the first environment: a clone in another zone, and a load balancer before both."
  type        = bool
  default     = false
}

variable "ami" {
  description = "The image: Amazon Linux 2023 in the report."
  type        = string
}

variable "zone_id" {
  description = "The Route 53 zone of the names."
  type        = string
}

variable "public_key" {
  description = "The students' public key, in OpenSSH's form."
  type        = string
}

variable "instance_type" {
  description = "t2.micro in the report; t3.micro is cheaper and what Koza takes."
  type        = string
  default     = "t3.micro"
}

variable "encrypted" {
  description = "The report's disk was not."
  type        = bool
  default     = true
}

variable "ssh_from" {
  description = "Who may try to log in: everybody in the report."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "zones" {
  description = "The first is for machines, the second for the clone."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1d"]
}
