#!/bin/sh
# Makes every fixture of this folder afresh, with new keys; the keys are thrown away. Needs OpenSSL 3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

certificate() { # name, key
    openssl req -x509 -newkey "$2" -nodes -keyout "$1.key" -out "$1.pem" -days 36500 -subj "/C=US/ST=Washington State/O=Nobody/CN=$1" 2>/dev/null
}
certificate tokyo rsa:2048
certificate virginia rsa:2048
certificate stranger rsa:2048
certificate short rsa:1024

# The document in the form that AWS writes it: account, region.
document() {
    cat <<JSON
{
  "accountId" : "$1",
  "architecture" : "x86_64",
  "availabilityZone" : "$2a",
  "billingProducts" : null,
  "devpayProductCodes" : null,
  "marketplaceProductCodes" : null,
  "imageId" : "ami-0123456789abcdef0",
  "instanceId" : "i-0123456789abcdef0",
  "instanceType" : "t3.medium",
  "kernelId" : null,
  "pendingTime" : "2026-11-21T09:00:00Z",
  "privateIp" : "10.0.0.10",
  "ramdiskId" : null,
  "region" : "$2",
  "version" : "2017-09-30"
}
JSON
}
# AWS's has no line break at its end.
document 123456789012 ap-northeast-1 | head -c -1 >tokyo.json
document 123456789012 eu-west-9 | head -c -1 >nowhere.json
printf '%s' '{"accountId": "123456789012", "region": "ap-northeast-1"}' >short.json
sed 's/"region"/"accountId" : "210987654321",\n  &/' tokyo.json >twice.json

sign() { # fixture, content, further arguments
    fixture=$1 content=$2
    shift 2
    openssl cms -sign -in "$content" -binary -nosmimecap -outform DER "$@" | openssl base64 >"$here/$fixture.txt"
}
by() { # who
    echo "-signer $1.pem -inkey $1.key"
}
# shellcheck disable=SC2046 # several words are meant
{
    # As AWS makes it: BER of open length, the content in pieces, attributes signed, no certificate.
    sign like_aws tokyo.json -nodetach -stream -md sha256 -nocerts $(by tokyo)
    sign der tokyo.json -nodetach -md sha256 -nocerts $(by tokyo)
    sign without_attributes tokyo.json -nodetach -md sha256 -nocerts -noattr $(by tokyo)
    sign with_certificate tokyo.json -nodetach -md sha256 $(by tokyo)
    sign by_another_region tokyo.json -nodetach -md sha256 -nocerts $(by virginia)
    sign by_a_stranger tokyo.json -nodetach -md sha256 $(by stranger)
    sign of_an_unknown_region nowhere.json -nodetach -md sha256 -nocerts $(by tokyo)
    sign by_two tokyo.json -nodetach -md sha256 -nocerts $(by tokyo) $(by virginia)
    sign with_sha1 tokyo.json -nodetach -md sha1 -nocerts $(by tokyo)
    sign with_pss tokyo.json -nodetach -md sha256 -nocerts $(by tokyo) -keyopt rsa_padding_mode:pss
    sign without_content tokyo.json -md sha256 -nocerts $(by tokyo)
    sign of_another_type tokyo.json -nodetach -md sha256 -nocerts -econtent_type 1.2.3.4 $(by tokyo)
    sign with_fields_missing short.json -nodetach -md sha256 -nocerts $(by tokyo)
    sign with_a_field_twice twice.json -nodetach -md sha256 -nocerts $(by tokyo)
}
{
    echo "# Certificates for tests, in the form of AWS's page"
    echo; echo "## Asia Pacific (Tokyo) — ap-northeast-1"; echo
    echo "#### [ RSA ]"; echo; echo '```'; cat short.pem; echo '```'; echo
    echo "#### [ RSA-2048 ]"; echo; echo '```'; cat tokyo.pem; echo '```'; echo
    echo "## US East (N. Virginia) — us-east-1"; echo
    echo "#### [ RSA-2048 ]"; echo; echo '```'; cat virginia.pem; echo '```'
} >"$here/signers.md"
{ echo "## Asia Pacific (Tokyo) — ap-northeast-1"; cat short.pem; } >"$here/short_key.md"
