/* Draws lines with a colour each; what does not fit is cut, and alarms keep their place: on a low screen the
 * lines between head and alarms give way. */
#include "night/screen.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

enum { REFRESH_MS = 1000 };

static int attributes(enum top_style style)
{
    static const struct {
        int pair;
        int extra;
    } looks[] = {
        [TOP_PLAIN] = {0, A_NORMAL}, [TOP_TITLE] = {1, A_BOLD | A_REVERSE},
        [TOP_HEAD] = {2, A_BOLD},    [TOP_GOOD] = {3, A_NORMAL},
        [TOP_BAD] = {4, A_BOLD},
    };
    return COLOR_PAIR(looks[style].pair) | looks[style].extra;
}

static void draw_line(int row, const struct top_line *line)
{
    attrset(attributes(line->style));
    mvaddnstr(row, 0, line->text, -1); /* ncurses cuts at the right edge by columns, not bytes */
    if (line->style == TOP_TITLE) {
        for (int column = getcurx(stdscr); column < COLS && getcury(stdscr) == row; column++) {
            addch(' ');
        }
    } else if (getcury(stdscr) == row) {
        clrtoeol();
    }
}

/* Which line stands in a row: all of them when they fit; else the first ones and as many of the last as there
 * are. */
static uint32_t line_of_row(const struct top *top, int row, int rows)
{
    uint32_t alarms = 0;
    while (alarms < top->n && top->lines[top->n - 1 - alarms].style == TOP_BAD) {
        alarms++;
    }
    uint32_t tail = alarms > (uint32_t)rows / 2 ? (uint32_t)rows / 2 : alarms;
    if (top->n <= (uint32_t)rows || (uint32_t)row < (uint32_t)rows - tail) {
        return (uint32_t)row;
    }
    return top->n - alarms + ((uint32_t)row - ((uint32_t)rows - tail));
}

static void draw(const struct top *top)
{
    erase();
    int rows = LINES > 1 ? LINES - 1 : 1;
    for (int row = 0; row < rows && (uint32_t)row < top->n; row++) {
        draw_line(row, &top->lines[line_of_row(top, row, rows)]);
    }
    attrset(A_DIM);
    mvaddnstr(LINES - 1, 0, "q: salir / quit", COLS - 1);
    refresh();
}

int screen_run(screen_read read, void *arg)
{
    static struct top top;
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* the board is Spanish, whatever the machine was told */
    }
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (screen == NULL) {
        return 2;
    }
    start_color();
    use_default_colors();
    init_pair(1, COLOR_WHITE, COLOR_BLUE);
    init_pair(2, COLOR_CYAN, -1);
    init_pair(3, COLOR_GREEN, -1);
    init_pair(4, COLOR_RED, -1);
    curs_set(0);
    cbreak();
    noecho();
    timeout(REFRESH_MS);
    int key = 0;
    while (key != 'q' && key != 'Q') {
        read(arg, &top);
        draw(&top);
        key = getch();
    }
    endwin();
    delscreen(screen);
    return 0;
}
