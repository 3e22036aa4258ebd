/* SPDX-License-Identifier: MIT */
/* power_cut -- the file system of a directory as a power cut would leave it: nothing more reaches the disk, also not what the
 * kernel still has in memory, its journal included. All calls on it fail from now on; unmount it, mount it again.
 *
 *	power_cut DIRECTORY                     status 0; 1: it cannot do that (ext4 and xfs can), or we may not */
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <sys/ioctl.h>

/* FS_IOC_SHUTDOWN and its flag, which headers have only lately, in files of the file systems' own. */
#define SHUTDOWN _IOR('X', 125, __u32)
#define NO_LOG_FLUSH 2

int main(int argc, char **argv)
{
	__u32 flag = NO_LOG_FLUSH;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0 && ioctl(fd, SHUTDOWN, &flag) == 0)
		return 0;
	fprintf(stderr, "power_cut: %s: %s\n", argc == 2 ? argv[1] : "which directory?", argc == 2 ? strerror(errno) : "none named");
	return 1;
}
