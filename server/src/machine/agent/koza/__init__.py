"""The parts of koza-agent. Python's standard library only (3.9 or newer).

    boot ──► seed (whose machine this is; metadata is EC2's) ──► copied (this disk was another machine's: forget that one)
      ├────► portal (signed requests) ──► progress (a thread that tells the portal each step, in order)
      ├────► services (install, configure, check, restart) ──► scripts in /opt/koza/services/<service>/
      └────► bake (check, clean, power off)
    run ───► signs (what was used, each minute) and orders (one long poll)
    both ──► machine (boot, names, facts) and state (files under /var/lib/koza)
"""
