/* The client against a server of a few lines that is good, large, slow, cut off or leads elsewhere. */
#include "client/client.h"

#include "os/file.h"
#include "os/sock.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int listener;
static pid_t server;
static char base_url[64];

struct page {
    const char *path;
    const char *head; /* %u: the server's port */
    size_t body;      /* bytes of 'x' */
};

static const struct page pages[] = {
    {"/good",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"e1\"\r\nContent-Type: text/plain\r\n"
     "Date: Mon, 07 Jun 2027 02:00:00 GMT\r\n\r\n",
     5},
    {"/big", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 1000},
    {"/big-unannounced", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 1000},
    {"/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", 9},
    {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 5},
    {"/same", "HTTP/1.1 302 Found\r\nLocation: /good\r\nContent-Length: 0\r\n\r\n", 0},
    {"/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", 0},
    {"/other-host", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:%u/good\r\nContent-Length: 0\r\n\r\n",
     0},
    {"/other-port", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/good\r\nContent-Length: 0\r\n\r\n",
     0},
    {"/file-scheme", "HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n", 0},
};

static void answer(int fd, const char *request)
{
    char path[64] = "", head[512];
    sscanf(request, "GET %63s", path);
    if (strcmp(path, "/good") == 0 && strstr(request, "If-None-Match: \"e1\"") != NULL) {
        dprintf(fd, "HTTP/1.1 304 Not Modified\r\nETag: \"e1\"\r\n\r\n");
        return;
    }
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i].path, path) == 0) {
            const char *mark = strstr(pages[i].head, "%u");
            snprintf(head, sizeof head, "%.*s%u%s", mark ? (int)(mark - pages[i].head) : 0, pages[i].head,
                     sock_port(listener), mark ? mark + 2 : "");
            (void)!write(fd, mark ? head : pages[i].head, strlen(mark ? head : pages[i].head));
            for (size_t n = 0; n < pages[i].body; n++) {
                (void)!write(fd, "x", 1);
            }
        }
    }
    if (strcmp(path, "/silent") == 0) {
        pause();
    }
}

static void serve(void)
{
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        struct pollfd ready = {.fd = listener, .events = POLLIN};
        int fd;
        poll(&ready, 1, -1);
        if (sock_accept(listener, &fd) != OK) {
            continue;
        }
        char request[4096] = "";
        size_t len = 0;
        while (strstr(request, "\r\n\r\n") == NULL && len < sizeof request - 1) {
            struct pollfd more = {.fd = fd, .events = POLLIN};
            poll(&more, 1, 5000);
            ssize_t n = read(fd, request + len, sizeof request - 1 - len);
            if (n <= 0) {
                break;
            }
            len += (size_t)n;
            request[len] = '\0';
        }
        answer(fd, request);
        close(fd);
    }
}

static int start_server(void **state)
{
    (void)state;
    struct why why = {0};
    assert_int_equal(sock_listen(SPAN("127.0.0.1:0"), &listener, &why), OK);
    snprintf(base_url, sizeof base_url, "http://127.0.0.1:%u", sock_port(listener));
    server = fork();
    if (server == 0) {
        serve();
    }
    return server < 0;
}

static int stop_server(void **state)
{
    (void)state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}

static struct client_answer got;
static struct buf body;
static struct why why;

static enum err get(const char *path, const char *etag, size_t limit)
{
    struct client *client;
    struct client_options options = {.connect_ms = 1000, .total_ms = 1500};
    char url[128];
    why.text[0] = '\0';
    snprintf(url, sizeof url, "%s%s", path[0] == '/' ? base_url : "", path);
    assert_int_equal(client_new(&options, &client, &why), OK);
    buf_done(&body);
    buf_init(&body, 0);
    buf_str(&body, "before");
    enum err err = client_get(client, url, etag, limit, &body, &got, &why);
    client_free(client);
    if (err != OK) {
        print_message("%s\n", why.text);
        assert_int_equal(body.len, 6);
    }
    return err;
}

static void test_good(void **state)
{
    (void)state;
    assert_int_equal(get("/good", NULL, 5), OK);
    assert_int_equal(got.status, 200);
    assert_int_equal(got.bytes, 5);
    assert_string_equal(got.etag, "\"e1\"");
    assert_string_equal(got.type, "text/plain");
    assert_int_equal(got.date_ms, 1812333600000);
    assert_string_equal(buf_cstr(&body), "beforexxxxx");
}

static void test_conditional(void **state)
{
    (void)state;
    assert_int_equal(get("/good", "\"e1\"", 5), OK);
    assert_int_equal(got.status, 304);
    assert_int_equal(body.len, 6);
}

static void test_not_found_is_an_answer(void **state)
{
    (void)state;
    assert_int_equal(get("/missing", NULL, 5), OK);
    assert_int_equal(got.status, 404);
    assert_int_equal(body.len, 6);
}

static void test_too_big(void **state)
{
    (void)state;
    assert_int_equal(get("/big", NULL, 999), ERR_TOO_BIG);
    assert_int_equal(get("/big-unannounced", NULL, 999), ERR_TOO_BIG);
    assert_int_equal(get("/big-unannounced", NULL, 1000), OK);
}

static void test_cut_off_and_silent(void **state)
{
    (void)state;
    assert_int_equal(get("/cut", NULL, 100), ERR_IO);
    assert_int_equal(get("http://127.0.0.1:1/", NULL, 100), ERR_IO);
}

static void test_redirects(void **state)
{
    (void)state;
    assert_int_equal(get("/same", NULL, 100), OK);
    assert_int_equal(got.status, 200);
    assert_string_equal(got.etag, "\"e1\"");
    assert_int_equal(get("/loop", NULL, 100), ERR_REFUSED);
    assert_int_equal(get("/other-host", NULL, 100), ERR_REFUSED);
    assert_non_null(strstr(why.text, "redirect"));
    assert_int_equal(get("/other-port", NULL, 100), ERR_REFUSED);
    assert_int_equal(get("/file-scheme", NULL, 100), ERR_REFUSED);
}

static void test_schemes(void **state)
{
    (void)state;
    assert_int_equal(get("file:///etc/hostname", NULL, 100), ERR_REFUSED);
    assert_int_equal(get("ftp://127.0.0.1/x", NULL, 100), ERR_REFUSED);
    assert_int_equal(get("http://user:pass@127.0.0.1/x", NULL, 100), ERR_REFUSED);
    assert_int_equal(get("no address", NULL, 100), ERR_REFUSED);
}

static void test_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/client-XXXXXX", path[FILE_PATH_MAX], url[128];
    struct client *client;
    struct buf read = {0};
    assert_non_null(mkdtemp(dir));
    assert_int_equal(client_new(NULL, &client, &why), OK);
    (void)path_join(path, dir, "page");
    snprintf(url, sizeof url, "%s/missing", base_url);
    assert_int_equal(client_get_file(client, url, NULL, 100, path, &got, &why), OK);
    assert_false(file_exists(path));
    snprintf(url, sizeof url, "%s/cut", base_url);
    assert_int_equal(client_get_file(client, url, NULL, 100, path, &got, &why), ERR_IO);
    assert_false(file_exists(path));
    snprintf(url, sizeof url, "%s/good", base_url);
    assert_int_equal(client_get_file(client, url, NULL, 100, path, &got, &why), OK);
    assert_int_equal(file_read(path, 100, &read, &why), OK);
    assert_string_equal(buf_cstr(&read), "xxxxx");
    assert_int_equal(client_get_file(client, url, NULL, 100, path, &got, &why), ERR_EXISTS);
    client_free(client);
    buf_done(&read);
    assert_int_equal(folder_remove(dir, &why), OK);
}

/* Last: the server of this test serves one connection at a time and is stuck in this one. */
static void test_silence_ends(void **state)
{
    (void)state;
    assert_int_equal(get("/silent", NULL, 100), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_conditional),
        cmocka_unit_test(test_too_big),      cmocka_unit_test(test_not_found_is_an_answer),
        cmocka_unit_test(test_redirects),    cmocka_unit_test(test_cut_off_and_silent),
        cmocka_unit_test(test_schemes),      cmocka_unit_test(test_files),
        cmocka_unit_test(test_silence_ends),
    };
    int failed = cmocka_run_group_tests(tests, start_server, stop_server);
    buf_done(&body);
    return failed;
}
