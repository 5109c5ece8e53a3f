/*
 * Reads texts from standard input, each with a NUL after it, and prints what iptables-restore makes of each as a line:
 * first the functions of iptables' own xshared.c, which are put into original.h when this is built, then this frame.
 *
 * Printed for each text, all with a NUL after it: why it was refused or nothing; the packets and the bytes of its
 * counters, which are empty where it has none; how many words there are; and the words, with q in front of one that
 * was quoted and u in front of one that was not. A text that was refused has the words that were read before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEBUGP(...)
enum { PARAMETER_PROBLEM = 2 };

static jmp_buf refusal;
static char reason[256];

static void xtables_error(int status, const char *format, ...)
{
	va_list values;
	(void)status;
	va_start(values, format);
	vsnprintf(reason, sizeof(reason), format, values);
	va_end(values);
	longjmp(refusal, 1);
}

static char *xtables_strdup(const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		abort();
	return copy;
}

#include "original.h"

/* As iptables-restore calls it, there are three words before those of the line: its own name, -t and the table. */
enum { WORDS_BEFORE = 3 };

static struct argv_store store;
static char *packets, *bytes;

static void read_line(char *line, bool has_counters)
{
	char *start = line;

	if (setjmp(refusal))
		return;
	for (int i = 0; i < WORDS_BEFORE; i++)
		add_argv(&store, "", 0);
	if (has_counters)
		tokenize_rule_counters(&start, &packets, &bytes, 1);
	add_param_to_argv(&store, start, 1);
}

static void put(const char *text)
{
	fwrite(text, 1, strlen(text) + 1, stdout);
}

static void print_and_clear(void)
{
	put(reason);
	put(packets ? packets : "");
	put(bytes ? bytes : "");
	fprintf(stdout, "%d%c", store.argc - WORDS_BEFORE, 0);
	for (int i = 0; i < store.argc; i++) {
		if (i >= WORDS_BEFORE) {
			putchar_unlocked(store.argvattr[i] ? 'q' : 'u');
			put(store.argv[i]);
		}
		free(store.argv[i]);
	}
	store.argc = 0;
	packets = bytes = NULL;
	reason[0] = '\0';
}

int main(int argc, char **argv)
{
	bool has_counters = argc > 1 && strcmp(argv[1], "rule") == 0;
	char *text = NULL, *line = NULL;
	size_t size = 0, room = 0;
	ssize_t length;

	while ((length = getdelim(&text, &size, '\0', stdin)) > 0) {
		if (room < size + 2) {
			room = size + 2;
			line = realloc(line, room);
			if (!line)
				abort();
		}
		/* The line as fgets gives it: with its line break. */
		strcpy(line, text);
		strcat(line, "\n");
		read_line(line, has_counters);
		print_and_clear();
	}
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
