/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of options: NAME=VALUE, separated by spaces or semicolons. The names are those of the library's options, and
 * those of `aepred train` for the rest. Lists have commas; a name or level in double quotes may hold anything, "" being one
 * double quote; levels stand in parentheses behind the name of their column.
 *
 *   encoder=16,4 epochs=50; columns=speed,"flow rate",mode(slow,fast)
 */
#include "extension.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

enum { MOST_WIDTHS = 32, MOST_WIDTH = 65536, MOST_LEVELS = 65536, MOST_THREADS = 256, NAME_SIZE = 64 };

/* Where the parser stands. */
typedef struct parser {
    sql_options *to;
    sqlite3_context *context;
    const char *function;
    const char *next;
    char name[NAME_SIZE]; /* of the option */
} parser;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';'; }

static bool is_end(char c) { return c == '\0' || is_space(c); }

static bool no_memory(parser *p)
{
    sqlite3_result_error_nomem(p->context);
    return false;
}

/* The value up to its end, for messages; to be freed. */
static char *rest(const char *from)
{
    enum { SHOWN = 64 };
    size_t n = 0;
    while (n < SHOWN && !is_end(from[n]))
        n++;
    return sqlite3_mprintf("%.*s", (int)n, from);
}

/* "epochs: ..." with a value in it. */
static bool refuse(parser *p, const char *from, const char *format)
{
    char *value = rest(from), *why = value ? sqlite3_mprintf(format, value) : NULL;
    if (why)
        sql_fail(p->context, p->function, "option %s: %s", p->name, why);
    else
        no_memory(p);
    sqlite3_free(value);
    sqlite3_free(why);
    return false;
}

static bool skip(parser *p, char c)
{
    bool there = *p->next == c;
    p->next += there;
    return there;
}

/* --------------------------------------------------------------------------------------------------------- numbers */

static bool read_whole(parser *p, size_t *number, size_t least, size_t most, const char *what)
{
    const char *from = p->next;
    size_t value = 0;
    for (; *p->next >= '0' && *p->next <= '9' && value <= most; p->next++)
        value = value * 10 + (size_t)(*p->next - '0');
    if (p->next > from && value >= least && value <= most && (is_end(*p->next) || *p->next == ',')) {
        *number = value;
        return true;
    }
    char *value_text = rest(from);
    if (value_text)
        sql_fail(p->context, p->function, "option %s: %s must be from %lld to %lld, not '%s'", p->name, what,
                 (sqlite3_int64)least, (sqlite3_int64)most, value_text);
    else
        no_memory(p);
    sqlite3_free(value_text);
    return false;
}

static bool take_widths(parser *p, int part)
{
    size_t widths[MOST_WIDTHS], n = 0;
    do {
        if (n == MOST_WIDTHS)
            return refuse(p, p->next, "there are more than 32 widths, from '%s' on");
        if (!read_whole(p, &widths[n++], 1, MOST_WIDTH, "a width"))
            return false;
    } while (skip(p, ','));
    int status = aep_options_set_layers(p->to->options, part, widths, n);
    return status == AEP_OK || no_memory(p);
}

static bool refuse_value(parser *p, int key, const char *text)
{
    static const char *const kinds[] = {"a number", "an integer"};
    int type = aep_option_type(key);
    double low, high;
    aep_option_bounds(&low, &high, NULL, key);
    sqlite3_str *why = sqlite3_str_new(NULL);
    if (type == AEP_TYPE_SWITCH)
        sqlite3_str_appendall(why, "yes or no");
    else if (type == AEP_TYPE_CHOICE)
        for (int value = (int)low; value <= (int)high; value++)
            sqlite3_str_appendf(why, "%s%s", value == (int)low ? "one of " : ", ", aep_option_choice(key, value));
    else
        sqlite3_str_appendf(why, "%s from %.10g to %.10g", kinds[type == AEP_TYPE_INTEGER], low, high);
    char *wanted = sqlite3_str_finish(why);
    if (wanted)
        sql_fail(p->context, p->function, "option %s: must be %s, not '%s'", p->name, wanted, text);
    else
        no_memory(p);
    sqlite3_free(wanted);
    return false;
}

static bool take_option(parser *p, int key)
{
    double value;
    char text[NAME_SIZE];
    size_t n = 0;
    while (n + 1 < sizeof text && !is_end(p->next[n]))
        n++;
    memcpy(text, p->next, n);
    text[n] = '\0';
    bool ok = aep_option_parse(&value, key, text) == AEP_OK && is_end(p->next[n]) &&
              aep_options_set(p->to->options, key, value) == AEP_OK;
    p->next += n;
    return ok || refuse_value(p, key, text);
}

static bool take_calibration(parser *p)
{
    /* read like an option of the library whose bounds are 0 and 1 */
    const char *from = p->next;
    char text[NAME_SIZE];
    size_t n = 0;
    while (n + 1 < sizeof text && !is_end(from[n]))
        n++;
    memcpy(text, from, n);
    text[n] = '\0';
    p->next += n;
    if (aep_option_parse(&p->to->calibration, AEP_OPT_ALARM_RATE, text) == AEP_OK && is_end(*p->next) &&
        p->to->calibration <= 0.9)
        return true;
    return refuse(p, from, "must be a share of the rows from 0 to 0.9, not '%s'");
}

/* --------------------------------------------------------------------------------------------------------- columns */

/* A name or level, in quotes or not; to be freed. NULL: an error is set. */
static char *read_text(parser *p)
{
    const char *from = p->next;
    size_t n = 0;
    bool quoted = skip(p, '"');
    char *text = sqlite3_malloc64(strlen(from) + 1);
    if (!text) {
        no_memory(p);
        return NULL;
    }
    while (*p->next && (quoted || (!is_end(*p->next) && !strchr(",()\"", *p->next)))) {
        if (quoted && *p->next == '"' && p->next[1] != '"')
            break;
        p->next += quoted && *p->next == '"';
        text[n++] = *p->next++;
    }
    text[n] = '\0';
    if (quoted && !skip(p, '"'))
        refuse(p, from, "the quote of '%s' has no end");
    else if (n == 0 && !quoted)
        refuse(p, from, "a name is missing in front of '%s'");
    else
        return text;
    sqlite3_free(text);
    return NULL;
}

static bool add_level(parser *p, sql_column *column)
{
    const char *from = p->next;
    char *level = read_text(p);
    if (!level)
        return false;
    size_t n = column->levels.n;
    bool known = sql_levels_find(&column->levels, level, strlen(level)) >= 0;
    bool added = sql_levels_add(&column->levels, level, strlen(level), &sql_memory) >= 0;
    sqlite3_free(level);
    if (!added)
        return no_memory(p);
    if (known)
        return refuse(p, from, "a level is given twice, from '%s' on");
    return n < MOST_LEVELS || refuse(p, from, "a column has more than 65536 levels, from '%s' on");
}

static bool take_levels(parser *p, sql_column *column)
{
    const char *from = p->next;
    if (!skip(p, '('))
        return true;
    column->kind = COLUMN_LEVELS;
    column->declared = true;
    do {
        while (*p->next == ' ')
            p->next++;
        if (!add_level(p, column))
            return false;
    } while (skip(p, ','));
    return skip(p, ')') || refuse(p, from, "the levels '%s' do not end in ')'");
}

static bool take_columns(parser *p)
{
    sql_options *o = p->to;
    size_t n = 0;
    for (size_t i = 0; i < o->n_columns; i++) {
        sqlite3_free(o->columns[i].name);
        o->columns[i].name = NULL;
    }
    do {
        if (n == o->n_columns)
            return refuse(p, p->next, "there are more names than columns, from '%s' on");
        sql_column *column = &o->columns[n++];
        column->name = read_text(p);
        if (!column->name || !take_levels(p, column))
            return false;
    } while (skip(p, ','));
    if (!is_end(*p->next))
        return refuse(p, p->next, "'%s' is not understood; commas separate names, and odd ones stand in double quotes");
    if (n == o->n_columns)
        return true;
    sql_fail(p->context, p->function, "option columns: there are %lld columns, and names for %lld",
             (sqlite3_int64)o->n_columns, (sqlite3_int64)n);
    return false;
}

/* The column of that name or number, or NULL. */
static sql_column *find_column(sql_options *o, const char *which)
{
    size_t number = 0;
    for (size_t i = 0; i < o->n_columns; i++)
        if (o->columns[i].name && strcmp(o->columns[i].name, which) == 0)
            return &o->columns[i];
    for (const char *c = which; *c; c++) {
        if (*c < '0' || *c > '9' || number > o->n_columns)
            return NULL;
        number = number * 10 + (size_t)(*c - '0');
    }
    return number >= 1 && number <= o->n_columns ? &o->columns[number - 1] : NULL;
}

static bool take_categorical(parser *p)
{
    do {
        const char *from = p->next;
        char *which = read_text(p);
        if (!which)
            return false;
        sql_column *column = find_column(p->to, which);
        sqlite3_free(which);
        if (!column)
            return refuse(p, from,
                          "there is no column '%s'; columns go by number from 1, or by names given in front of this "
                          "by the option columns");
        column->kind = COLUMN_LEVELS;
    } while (skip(p, ','));
    return is_end(*p->next) || refuse(p, p->next, "'%s' is not understood; commas separate columns");
}

/* ----------------------------------------------------------------------------------------------------------- pairs */

static const char *const own_names[] = {"encoder",    "decoder", "head",        "columns", "categorical",
                                        "max_levels", "threads", "calibration", NULL};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Levenshtein's distance of two names. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_SIZE + 1], n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t above = row[j + 1];
            row[j + 1] = least(corner + (a[i] != b[j]), least(above, row[j]) + 1);
            corner = above;
        }
    }
    return row[n];
}

/* The name that is most like this one, or NULL. */
static const char *most_like(const char *name)
{
    size_t best = strlen(name) / 3 + 1;
    const char *found = NULL;
    for (size_t i = 0; i < aep_option_count() + sizeof own_names / sizeof *own_names - 1; i++) {
        const char *known =
            i < aep_option_count() ? aep_option_name(aep_option_at(i)) : own_names[i - aep_option_count()];
        size_t d = strlen(known) < NAME_SIZE ? distance(name, known) : best + 1;
        if (d < best + !found) {
            best = d;
            found = known;
        }
    }
    return found;
}

static bool refuse_name(parser *p)
{
    static const char *const of_images[] = {"image", "conv", "deconv"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(p->name, of_images[i]) == 0) {
            sql_fail(p->context, p->function,
                     "option %s: models of images are not trained in SQL, but by the library or by "
                     "'aepred train'; once trained, they score here",
                     p->name);
            return false;
        }
    }
    const char *like = most_like(p->name);
    sql_fail(p->context, p->function, "there is no option '%s'; %s%s%sSELECT aep_options() lists all", p->name,
             like ? "did you mean '" : "", like ? like : "", like ? "'? " : "");
    return false;
}

static bool take_value(parser *p)
{
    static const char *const parts[] = {"encoder", "decoder", "head"}; /* enum aep_part */
    for (int part = 0; part < 3; part++)
        if (strcmp(p->name, parts[part]) == 0)
            return take_widths(p, part);
    if (strcmp(p->name, "columns") == 0)
        return take_columns(p);
    if (strcmp(p->name, "categorical") == 0)
        return take_categorical(p);
    if (strcmp(p->name, "max_levels") == 0)
        return read_whole(p, &p->to->most_levels, 1, MOST_LEVELS, "the number");
    if (strcmp(p->name, "threads") == 0)
        return read_whole(p, &p->to->n_threads, 1, MOST_THREADS, "the number");
    if (strcmp(p->name, "calibration") == 0)
        return take_calibration(p);
    int key = aep_option_find(p->name);
    return key > 0 ? take_option(p, key) : refuse_name(p);
}

/* alarm-rate, as the command line has it, is alarm_rate. */
static bool read_name(parser *p)
{
    const char *from = p->next;
    size_t n = 0;
    while (!is_end(p->next[n]) && p->next[n] != '=')
        n++;
    if (p->next[n] != '=' || n == 0 || n >= sizeof p->name) {
        char *text = rest(from);
        if (text)
            sql_fail(p->context, p->function,
                     "options are NAME=VALUE, separated by spaces or semicolons, and '%s' is not", text);
        else
            no_memory(p);
        sqlite3_free(text);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        p->name[i] = p->next[i] == '-' ? '_' : p->next[i];
    p->name[n] = '\0';
    p->next += n + 1;
    return true;
}

static bool read_pairs(parser *p)
{
    while (true) {
        while (is_space(*p->next))
            p->next++;
        if (!*p->next)
            return true;
        if (!read_name(p) || !take_value(p))
            return false;
        if (!is_end(*p->next))
            return refuse(p, p->next, "'%s' at its end is not understood");
    }
}

bool sql_options_read(sql_options *o, sqlite3_context *context, const char *function, const char *text,
                      size_t n_columns, sql_log *log)
{
    parser p = {.to = o, .context = context, .function = function, .next = text};
    *o = (sql_options){.calibration = 0.1, .most_levels = 1000, .n_threads = 1, .n_columns = n_columns};
    o->columns = sqlite3_malloc64(n_columns * sizeof *o->columns);
    if (!o->columns)
        return no_memory(&p);
    memset(o->columns, 0, n_columns * sizeof *o->columns);
    if (aep_options_new_with(&o->options, &sql_memory) != AEP_OK)
        return no_memory(&p);
    aep_options_set_log(o->options, sql_log_take, log);
    return read_pairs(&p);
}

void sql_options_free(sql_options *o)
{
    for (size_t i = 0; o->columns && i < o->n_columns; i++) {
        sqlite3_free(o->columns[i].name);
        sql_levels_free(&o->columns[i].levels, &sql_memory);
    }
    sqlite3_free(o->columns);
    aep_options_free(o->options);
    *o = (sql_options){0};
}
