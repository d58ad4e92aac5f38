"""HAProxy's settings and the state that it begins with, as text."""
import pathlib
import string

TEMPLATE = pathlib.Path(__file__).parent.parent / "haproxy.cfg"
COOKIE = "    cookie koza-target insert indirect nocache httponly"
# Version 1 of the file, and a target as it is before its first check: out, until the checks say otherwise.
STATE = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change " \
    "srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port " \
    "srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n"
# What one machine keeps for others: its database, its files, its site (services/wordpress/sharing.py). They reach each other by no other way,
# and nobody else is led there.
PASSAGE_PORTS = (7351, 7352, 7353)
PASSAGE = """
listen passage-{port}
    mode tcp
    bind :{port}
    timeout client 1h
    timeout server 1h
    tcp-request connection reject unless {{ src {who} }}
    server first {to}:{port}
"""
SECURE = "    bind :443 ssl crt /etc/koza/https/site.pem alpn h2,http/1.1"
# Not for ever (307, no HSTS): without a certificate HTTP must work again. Who asks by address stays where they are.
LEADS = "    http-request redirect prefix https://{name} code 307 if !{{ ssl_fc }} !is_challenge {{ req.hdr(host),field(1,:) -m str -i {name} {name}. }}"
OUT = "{backend} targets {number} {machine} {address} 0 0 1 1 0 1 0 0 14 0 0 0 - 80 - 0 0 - - 0"


def text(wish, state, site=None):
    """The whole file; `site`: whose certificate is shown."""
    lines = [COOKIE] if wish.is_sticky else []
    for machine, address in wish.targets:
        cookie = f" cookie {machine}" if wish.is_sticky else ""
        lines.append(f"    server {machine} {address}:80{cookie}")
    to, who = wish.passage or ("", ())
    passage = "".join(PASSAGE.format(port=port, to=to, who=" ".join(who)) for port in PASSAGE_PORTS if who)
    return string.Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        targets="\n".join(lines), state=state, secure=SECURE if site else "",
        leads=LEADS.format(name=site.name) if site and site.is_good else "") + passage


def state(wish, known):
    """How the targets are when HAProxy has read the new settings: as they were (`known`, what `show servers state` answers), or out."""
    was = {fields[3]: line for line in known.splitlines() if len(fields := line.split()) > 20 and fields[1] == "targets"}
    lines = [was.get(machine) or OUT.format(backend=3, number=place, machine=machine, address=address)
             for place, (machine, address) in enumerate(wish.targets, 1)]
    return STATE + "".join(f"{line}\n" for line in lines)
