/* Makes system calls, each in a child of its own, and prints what came of it: "errno N" (0: success) or "signal N".
   usage: calls ABI:NUMBER:ARGUMENT,...   with ABI 64 (syscall) or 32 (int 0x80) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long call64(unsigned long nr, unsigned long *a)
{
	register unsigned long r10 __asm__("r10") = a[3];
	register unsigned long r8 __asm__("r8") = a[4];
	register unsigned long r9 __asm__("r9") = a[5];
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return result;
}

static long call32(unsigned long nr, unsigned long *a)
{
	int result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]) : "memory", "r8", "r9", "r10", "r11");
	return result;
}

int main(int count, char **words)
{
	for (int i = 1; i < count; i++) {
		char *next;
		unsigned long a[6] = {0}, abi = strtoul(words[i], &next, 0), nr = strtoul(next + 1, &next, 0);
		for (int k = 0; k < 6 && *next; k++)
			a[k] = strtoull(next + 1, &next, 0);
		int status = 0, child = fork();
		if (child == 0) {
			long result = abi == 64 ? call64(nr, a) : call32(nr, a);
			_exit(result < 0 && result > -256 ? -result : 0);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			return 1;
		if (WIFSIGNALED(status))
			printf("signal %d\n", WTERMSIG(status));
		else
			printf("errno %d\n", WEXITSTATUS(status));
	}
	return fflush(stdout) ? 1 : 0;
}
