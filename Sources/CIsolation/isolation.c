#define _GNU_SOURCE
#include "CIsolation.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int sk_shared_memory(int64_t size) {
    int descriptor = memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) return -1;
    if (ftruncate(descriptor, size) == 0 &&
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return descriptor;
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}

pid_t sk_spawn(const char *program, char *const *arguments, int socket, int memory) {
    // Above what it becomes, so that no copy lands on the other.
    int high[2] = {fcntl(socket, F_DUPFD_CLOEXEC, 10), fcntl(memory, F_DUPFD_CLOEXEC, 10)};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, high[0], 3);
    posix_spawn_file_actions_adddup2(&actions, high[1], 4);
    posix_spawn_file_actions_addclosefrom_np(&actions, 5);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    // A crash shall end it at once; a report would go nowhere.
    char *environment[] = {"SWIFT_BACKTRACE=enable=no", "LANG=C.UTF-8", NULL};
    pid_t process = -1;
    int code = high[0] < 0 || high[1] < 0
                   ? EMFILE
                   : posix_spawn(&process, program, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (high[0] >= 0) close(high[0]);
    if (high[1] >= 0) close(high[1]);
    if (code == 0) return process;
    errno = code;
    return -1;
}

// A rule for what lies below a folder; a folder that is not there needs none.
static int allow(int rules, const char *folder, uint64_t access) {
    int descriptor = open(folder, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return 0;
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = descriptor};
    long code = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(descriptor);
    return (int)code;
}

static int confine_files(void) {
    const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    struct landlock_ruleset_attr attributes = {
        .handled_access_fs = reading | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (rules < 0) return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    static const char *const folders[] = {"/etc", "/usr", "/lib", "/lib64", "/opt", "/sys", "/proc", "/run"};
    int code = allow(rules, "/dev", reading | LANDLOCK_ACCESS_FS_WRITE_FILE);
    for (size_t index = 0; code == 0 && index < sizeof folders / sizeof *folders; index++)
        code = allow(rules, folders[index], reading);
    if (code == 0) code = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
    return code;
}

int sk_confine(void) {
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_FSIZE, &none) != 0) return -1;
    return confine_files();
}
