"""What the disk keeps free for everybody else, whatever a backup, a rehearsal or a restore would like to write."""
import os

ROOM = 100 << 20


def is_left(place):
    """Whether there is as much still, where that folder or descriptor is."""
    disk = os.statvfs(place)
    return disk.f_bavail * disk.f_frsize >= ROOM
