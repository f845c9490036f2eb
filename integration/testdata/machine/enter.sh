#!/bin/bash
# enter.sh BASE SHARED SCRIPT: runs SHARED/SCRIPT on a machine of its own, that
# begins as a copy of the one in the folder BASE and is gone afterwards. It has
# its own network, without any other machine in it. SHARED is /shared there.
set -eu
base=$1 shared=$2 script=$3
mount --make-rprivate /
# The copy is in memory, so that it is fast and leaves nothing.
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$base,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
cd /mnt/root
mkdir -p shared
mount --bind "$shared" shared
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for d in null:3 zero:5 full:7 random:8 urandom:9; do
	mknod -m 666 "dev/${d%:*}" c 1 "${d#*:}"
done
mknod -m 666 dev/tty c 5 0
ln -s pts/ptmx dev/ptmx
mkdir dev/shm dev/pts
ln -s /proc/self/fd dev/fd
ip link set lo up
mkdir -p old
pivot_root . old
umount -l old
cd /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive bash "/shared/$script"
