"""The parts of koza-agent. Python's standard library only (3.9 or newer).

    boot ──► seed (whose machine this is; metadata is EC2's) ──► copied (this disk was another machine's: forget that one)
      ├────► portal (signed requests) ──► progress (a thread that tells the portal each step, in order)
      ├────► services (install, configure, check, restart) ──► scripts in /opt/koza/services/<service>/
      ├────► bake (check, clean, baseline, power off)
      └────► restore, once in a machine's life
    run ───► signs (what was used, each minute) and orders (one long poll) ──► backup, rehearsal

    backup ──► baseline (what changed), accounts, services ──► blocks ──► the portal ──► blocks ──► unpacked (and compared) ──► in_place
               tree says what counts, dress what a file wears, exclusive that one at a time does any of it

    both ──► machine (boot, names, facts) and state (files under /var/lib/koza)
"""
