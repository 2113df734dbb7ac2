/* Draws lines with a colour each; what does not fit in width is cut, and alarms keep their place: on a low screen the
 * lines between head and alarms give way. What does not fit in height stands on further pages. */
#include "night/screen.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
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

/* How many of the last lines of the core are alarms; on the first page half of the rows at most are theirs. */
static uint32_t tail_of(const struct top *top, uint32_t rows, uint32_t *alarms)
{
    *alarms = 0;
    while (*alarms < top->core && top->lines[top->core - 1 - *alarms].style == TOP_BAD) {
        ++*alarms;
    }
    if (top->core <= rows) {
        return 0; /* they stand where they are */
    }
    return *alarms > rows / 2 ? rows / 2 : *alarms;
}

/* Which line stands in a row: on the first page the first ones, and as many alarms as there are; on the others what comes next. */
static uint32_t line_of_row(const struct top *top, uint32_t page, uint32_t row, uint32_t rows)
{
    uint32_t alarms = 0;
    uint32_t tail = tail_of(top, rows, &alarms);
    if (page > 0) {
        return rows - tail + (page - 1) * rows + row;
    }
    return row < rows - tail ? row : top->core - alarms + (row - (rows - tail));
}

static uint32_t pages_of(const struct top *top, uint32_t rows)
{
    uint32_t alarms = 0;
    uint32_t first = rows - tail_of(top, rows, &alarms);
    return top->n <= first ? 1 : 1 + (top->n - first + rows - 1) / rows;
}

static void draw(const struct top *top, uint32_t *page)
{
    erase();
    uint32_t rows = LINES > 1 ? (uint32_t)LINES - 1 : 1;
    uint32_t pages = pages_of(top, rows);
    *page %= pages;
    for (uint32_t row = 0; row < rows && line_of_row(top, *page, row, rows) < top->n; row++) {
        draw_line((int)row, &top->lines[line_of_row(top, *page, row, rows)]);
    }
    attrset(A_DIM);
    char foot[64] = "q: salir / quit";
    if (pages > 1) {
        (void)snprintf(foot, sizeof foot, "q: salir / quit   espacio: más / more (%u/%u)", *page + 1, pages);
    }
    mvaddnstr(LINES - 1, 0, foot, -1);
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
    uint32_t page = 0;
    while (key != 'q' && key != 'Q') {
        read(arg, &top);
        page += key == ' ';
        draw(&top, &page);
        key = getch();
    }
    endwin();
    delscreen(screen);
    return 0;
}
