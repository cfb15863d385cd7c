/* The floor: one send() for each delivery, and nothing else.

   send_loop <port> <control port> <bytes of a message>
   Answers every connection to <port> as a WebSocket server would, without looking
   at what it asks. A line "<count> <first number> <moment>" on the control connection
   sends that many messages to every socket, one after the other, stamped with the moment
   or, where that is 0, with the time; it is answered "ok". */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char ANSWER[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
static int sockets[65536], count;

static int listening(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        perror("bind");
        exit(1);
    }
    return fd;
}

static void welcome(int fd) {
    char request[4096];
    size_t size = 0;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    while (size < 4 || memcmp(request + size - 4, "\r\n\r\n", 4)) {
        ssize_t got = recv(fd, request + size, sizeof request - size, 0);
        if (got <= 0) {
            close(fd);
            return;
        }
        size += got;
    }
    send(fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL);
    sockets[count++] = fd;
}

static void broadcast(long number, long long moment, int bytes) {
    char frame[65536], text[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int used = snprintf(text, sizeof text, "{\"message\":\"~%ld.%lld~", number,
                        moment ? moment : now.tv_sec * 1000000000LL + now.tv_nsec);
    frame[0] = (char)0x81;
    frame[1] = 126;
    frame[2] = bytes >> 8;
    frame[3] = bytes & 255;
    memset(frame + 4, 'x', bytes);
    memcpy(frame + 4, text, used);
    memcpy(frame + 4 + bytes - 2, "\"}", 2);
    for (int i = 0; i < count; i++) send(sockets[i], frame, bytes + 4, MSG_NOSIGNAL);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int bytes = atoi(argv[3]), control = listening(atoi(argv[2])), commands = -1;
    struct pollfd waits[2] = {{listening(atoi(argv[1])), POLLIN, 0}, {control, POLLIN, 0}};
    puts("ready");
    fflush(stdout);
    while (poll(waits, 2, -1) >= 0) {
        if (waits[0].revents) welcome(accept(waits[0].fd, NULL, NULL));
        if (!waits[1].revents) continue;
        if (commands < 0) {
            waits[1].fd = commands = accept(control, NULL, NULL);
            continue;
        }
        char line[64] = "";
        long messages, first;
        long long moment;
        if (recv(commands, line, sizeof line - 1, 0) <= 0) return 0;
        if (sscanf(line, "%ld %ld %lld", &messages, &first, &moment) != 3) return 2;
        for (long i = 0; i < messages; i++) broadcast(first + i, moment, bytes);
        send(commands, "ok\n", 3, MSG_NOSIGNAL);
    }
    return 1;
}
