"""The parts of koza-agent. Python's standard library only (3.9 or newer).

    boot ──► portal (signed requests) ──► progress (a thread that tells the portal each step, in order)
      │ └──► services (install, configure, check, restart) ──► scripts in /opt/koza/services/<service>/
      └────► bake (check, clean, power off)
    run ───► signs (what was used, each minute) and orders (one long poll)
    both ──► machine (identity, seed, names, facts; metadata is EC2's) and state (files under /var/lib/koza)
"""
