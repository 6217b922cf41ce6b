/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A booster pump on a variable-speed drive: it draws from a tank and feeds a pipe network through a control valve.
 *
 * Head and power follow the affinity laws (Q ~ n, H ~ n^2, P ~ n^3); the operating point is where the pump's curve and
 * the system's meet. Temperatures follow losses with time constants of half an hour to an hour. Demand, weather and the
 * drive's trim wander as Ornstein-Uhlenbeck processes. Every random number is a function of (seed, minute, channel).
 * The faults are of moderate size: large ones would be found by any rule.
 */
#include "demo.h"

#include <Random123/philox.h>

#include <math.h>
#include <stdlib.h>

const char *const demo_sensors[DEMO_N_COLUMNS] = {
    "mode",       "speed",       "valve",  "tank",    "suction", /* -, rpm, %, m, bar */
    "discharge",  "flow",        "power",  "current", "winding", /* bar, m3/h, kW, A, degC */
    "bearing_de", "bearing_nde", "vib_de", "vib_nde", "ambient", /* degC, degC, mm/s, mm/s, degC */
};

const char *const demo_modes[DEMO_N_MODES] = {"off", "low", "high"};

enum { TRAINING_DAYS = 21, CALIBRATION_DAYS = 7, TEST_DAYS = 14, SUBSTEPS = 6 };

#define DAY(d) ((size_t)((TRAINING_DAYS + CALIBRATION_DAYS + (d)) * DEMO_DAY))

enum fault_kind {
    CAVITATION,
    STUCK_FLOW,
    SMOOTHED,
    LEAKING_CHECK_VALVE,
    SWAPPED_MODE,
    BEARING_WEAR,
    FOULED_IMPELLER,
    PRESSURE_DRIFT,
    PIPE_LEAK,
    WINDING_OFFSET
};

static const demo_fault faults[DEMO_N_FAULTS] = {
    [CAVITATION] = {"cavitation", "suction strainer clogs, vapour in the impeller", DAY(1.29), DAY(1.50)},
    [STUCK_FLOW] = {"stuck flow meter", "repeats its last value", DAY(2.35), DAY(2.75)},
    [SMOOTHED] = {"smoothed data", "the gateway sends 15-minute means as readings", DAY(3.30), DAY(3.385)},
    [LEAKING_CHECK_VALVE] = {"check valve leaks", "water runs back while the pump stands", DAY(3.97), DAY(4.20)},
    [SWAPPED_MODE] = {"crossed wires", "low and high are reported the wrong way round", DAY(4.70), DAY(4.95)},
    [BEARING_WEAR] = {"bearing wear", "drive-end bearing slowly roughens", DAY(6.00), DAY(8.00)},
    [FOULED_IMPELLER] = {"fouled impeller", "head and flow fall a little at every speed", DAY(8.75), DAY(9.10)},
    [PRESSURE_DRIFT] = {"pressure drift", "discharge gauge loses 0.5 bar a day", DAY(9.50), DAY(10.90)},
    [PIPE_LEAK] = {"pipe leak", "the network takes more water than the valve allows", DAY(11.30), DAY(11.60)},
    [WINDING_OFFSET] = {"winding sensor", "reads 9 degC too low", DAY(12.70), DAY(13.30)},
};

/* ---------------------------------------------------------------------------------------------------- randomness */

/* What a random number is for, after the columns' own noise. */
enum channel { CHANNEL_DEMAND = DEMO_N_COLUMNS, CHANNEL_WEATHER, CHANNEL_TRIM, CHANNEL_SWIRL, CHANNEL_VAPOUR };

/* A standard normal number (Box and Muller 1958) from a counter (Salmon et al. 2011). */
static double normal(uint64_t seed, size_t minute, unsigned channel)
{
    philox4x32_ctr_t counter = {{(uint32_t)minute, channel, 0, 0}};
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    philox4x32_ctr_t r = philox4x32(counter, key);
    double u = (r.v[0] + 0.5) / 4294967296.0, v = (r.v[1] + 0.5) / 4294967296.0;
    return sqrt(-2 * log(u)) * cos(2 * DEMO_PI * v);
}

/* One minute of an Ornstein-Uhlenbeck process of unit variance and time constant tau (minutes). */
static double wander(double x, double tau, double noise)
{
    double keep = exp(-1 / tau);
    return keep * x + sqrt(1 - keep * keep) * noise;
}

static double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static double approach(double x, double target, double most) { return x + clamp(target - x, -most, most); }

/* ------------------------------------------------------------------------------------------------------- machine */

typedef struct state {
    double demand, weather, trim;               /* Ornstein-Uhlenbeck */
    double speed, valve, tank;                  /* n / 2900 rpm, 0 to 1, m */
    double flow, head, power, current, suction; /* m3/h, m, kW, A, bar */
    double winding, bearing_de, bearing_nde;    /* degC */
    double room;                                /* degC */
    int stage;                                  /* commanded: 0 off, 1 low, 2 high */
    int mode;                                   /* reported: enum demo_mode */
    int filling;
    size_t dwell; /* minutes since the stage changed */
} state;

/* How ill the machine is; zero: healthy. */
typedef struct illness {
    double strainer, wear, fouling, leak, leak_back;
} illness;

static int is_at(size_t minute, int kind) { return minute >= faults[kind].begin && minute < faults[kind].end; }

/* How far a fault has gone, from 0 at its begin to 1 at its end. */
static double severity(size_t minute, int kind)
{
    return (double)(minute - faults[kind].begin) / (double)(faults[kind].end - faults[kind].begin);
}

static illness illness_at(size_t minute)
{
    illness ill = {0};
    if (is_at(minute, CAVITATION))
        ill.strainer = 1 + severity(minute, CAVITATION);
    if (is_at(minute, BEARING_WEAR))
        ill.wear = severity(minute, BEARING_WEAR);
    if (is_at(minute, FOULED_IMPELLER))
        ill.fouling = 0.06;
    if (is_at(minute, PIPE_LEAK))
        ill.leak = 1;
    if (is_at(minute, LEAKING_CHECK_VALVE))
        ill.leak_back = 1;
    return ill;
}

/* Share of the largest demand, by hour of the day; weekends start later and stay lower. */
static double daily_demand(size_t minute)
{
    double hour = (double)(minute % DEMO_DAY) / 60;
    int weekend = minute / DEMO_DAY % 7 >= 5;
    double late = weekend ? 1.5 : 0;
    double morning = exp(-pow((hour - 7.5 - late) / 1.9, 2)), noon = exp(-pow((hour - 13) / 3.2, 2));
    double evening = exp(-pow((hour - 19.3) / 2.1, 2));
    return (weekend ? 0.9 : 1) * (0.12 + 0.66 * morning + 0.42 * noon + 0.7 * evening);
}

/* The pump is switched by demand, with a hysteresis and at least 40 minutes between switches. */
static void choose_stage(state *s, double demand)
{
    static const double up[] = {0.30, 0.64, 9}, down[] = {-9, 0.18, 0.48};
    s->dwell++;
    if (s->dwell < 40)
        return;
    int step = demand > up[s->stage] ? 1 : demand < down[s->stage] ? -1 : 0;
    s->stage += step;
    if (step)
        s->dwell = 0;
}

/* The control valve meters the demand within what the speed can deliver. */
static double valve_target(const state *s, double demand)
{
    switch (s->stage) {
    case 0:
        return 0.15;
    case 1:
        return clamp(0.45 + (demand - 0.21) * 1.1, 0.4, 0.95);
    default:
        return clamp(0.5 + (demand - 0.52) * 0.9, 0.45, 1);
    }
}

/* Where pump curve and system curve meet:  H0 n^2 - a Q^2 = Hs + k Q^2. */
static void hydraulics(state *s, const illness *ill)
{
    double n = s->speed, shut_off = 62 * n * n * (1 - 2 * ill->fouling), static_head = 9;
    double a = 6.2e-4 * (1 + 3 * ill->fouling), k = 6.5e-4 / (s->valve * s->valve) / (1 + 0.8 * ill->leak);
    double excess = shut_off - static_head;
    s->flow = excess > 0 ? sqrt(excess / (a + k)) : 0;
    s->suction = 0.0981 * s->tank - (5e-6 + 9e-6 * ill->strainer) * s->flow * s->flow;
    s->head = excess > 0 ? shut_off - a * s->flow * s->flow : static_head;
    if (excess <= 0 && ill->leak_back > 0) {
        s->flow = -12 * ill->leak_back;
        s->head = static_head - 4 * ill->leak_back;
    }
}

/* Net positive suction head too small: vapour eats head and flow. Returns how bad, 0 to 1. */
static double cavitation(state *s)
{
    double available = 10.1 + s->suction * 10.2, required = 3.5 + 6 * pow(s->flow / 180, 2) * s->speed;
    double vapour = clamp((required + 0.6 - available) / 2.5, 0, 1);
    s->head *= 1 - 0.12 * vapour;
    s->flow *= 1 - 0.10 * vapour;
    return vapour;
}

/* Shaft power by P ~ n^3; the drive's current has an idle and a torque part. */
static void electrics(state *s, const illness *ill)
{
    double n = s->speed, q = n > 0.05 ? clamp(s->flow / (180 * n), 0, 2) : 0;
    double shaft = n * n * n * (11 + 21 * q - 5 * q * q) + 0.9 * ill->wear * n;
    s->power = 0.3 + shaft / 0.92;
    s->current = sqrt(0.16 + pow(13 * sqrt(n), 2) + pow(shaft * 1.62, 2));
}

static void thermals(state *s, const illness *ill, double minutes)
{
    double n = s->speed, amps = s->current / 45;
    double winding = s->room + 62 * amps * amps / (0.55 + 0.45 * n);
    double de = s->room + 22 * n + 8 * s->power / 30 + 20 * ill->wear * n;
    double nde = s->room + 18 * n + 4 * s->power / 30 + 2 * ill->wear * n;
    s->winding += (winding - s->winding) * minutes / (n > 0.1 ? 28 : 55);
    s->bearing_de += (de - s->bearing_de) * minutes / 42;
    s->bearing_nde += (nde - s->bearing_nde) * minutes / 36;
}

static void refill(state *s, double minutes)
{
    s->filling = s->tank < 2.2 ? 1 : s->tank > 3.6 ? 0 : s->filling;
    s->tank += ((s->filling ? 260 : 0) - fmax(s->flow, 0)) / 60 * minutes / 120;
}

/* One minute of the machine; returns how badly it cavitated. */
static double run_minute(state *s, const illness *ill, size_t minute, uint64_t seed)
{
    static const double speeds[] = {0, 0.655, 1};
    double vapour = 0;
    s->demand = wander(s->demand, 45, normal(seed, minute, CHANNEL_DEMAND));
    s->weather = wander(s->weather, 2.5 * DEMO_DAY, normal(seed, minute, CHANNEL_WEATHER));
    s->trim = wander(s->trim, 20, normal(seed, minute, CHANNEL_TRIM));
    s->room = 18 + 2.2 * s->weather + 3.5 * sin(2 * DEMO_PI * ((double)(minute % DEMO_DAY) / DEMO_DAY - 0.38));
    double demand = daily_demand(minute) + 0.05 * s->demand;
    choose_stage(s, demand);
    for (int i = 0; i < SUBSTEPS; i++) {
        double dt = 1.0 / SUBSTEPS;
        s->speed = approach(s->speed, speeds[s->stage] * (1 + 0.012 * s->trim), 0.06 * dt);
        s->mode = s->speed < 0.3 ? DEMO_OFF : s->speed < 0.83 ? DEMO_LOW : DEMO_HIGH;
        s->valve = approach(s->valve, valve_target(s, demand), 0.06 * dt);
        hydraulics(s, ill);
        vapour = cavitation(s);
        electrics(s, ill);
        thermals(s, ill, dt);
        refill(s, dt);
    }
    return vapour;
}

/* ------------------------------------------------------------------------------------------------------- sensors */

/* Vibration velocity (mm/s rms): grows with speed and away from the best flow, and has a resonance that ramps cross. */
static double vibration(const state *s, double wear, double vapour)
{
    double n = s->speed, q = n > 0.05 ? clamp(s->flow / (180 * n), 0, 2) : 1;
    double resonance = 0.9 * exp(-pow((n - 0.82) / 0.05, 2));
    return 0.12 + n * n * (1.5 + 1.3 * (q - 1) * (q - 1)) + resonance + n * (2.2 * wear + 1.8 * vapour);
}

/* A row of readings: the machine's state, its turbulence (which grows with flow and speed), and the sensors' noise. */
static void read_sensors(float *row, const state *s, const illness *ill, double vapour, size_t minute, uint64_t seed)
{
    double z[CHANNEL_VAPOUR + 1], n = s->speed, q = fabs(s->flow) / 180;
    for (unsigned i = 0; i <= CHANNEL_VAPOUR; i++)
        z[i] = normal(seed, minute, i);
    double rough = 1 + 3 * vapour, swirl = (0.012 * z[CHANNEL_SWIRL] + 0.05 * vapour * z[CHANNEL_VAPOUR]) * q;
    double discharge = s->suction + 0.0981 * s->head, hum = s->power / 25; /* of the drive, in thermocouples */
    double spin = n < 0.01 ? ill->leak_back : 0;                           /* water that runs back turns the wheel */
    row[DEMO_MODE] = (float)s->mode;
    row[DEMO_SPEED] = (float)(2900 * (n - 0.07 * spin) + z[DEMO_SPEED] * (0.3 + 40 * n));
    row[DEMO_VALVE] = (float)(100 * s->valve + (0.3 + 1.8 * q) * z[DEMO_VALVE]);
    row[DEMO_TANK] = (float)(s->tank + (0.006 + 0.06 * q) * z[DEMO_TANK]);
    row[DEMO_SUCTION] = (float)(s->suction + (0.002 + 0.012 * q * rough) * z[DEMO_SUCTION]);
    row[DEMO_DISCHARGE] = (float)(discharge * (1 + swirl) + (0.008 + 0.18 * q * rough) * z[DEMO_DISCHARGE]);
    row[DEMO_FLOW] = (float)(s->flow * (1 + swirl) + (0.25 + 7 * q * rough) * z[DEMO_FLOW]);
    row[DEMO_POWER] = (float)(s->power * (1 + swirl + 0.035 * z[DEMO_POWER]) + 0.01 * z[DEMO_POWER]);
    row[DEMO_CURRENT] = (float)(s->current * (1 + 0.8 * swirl + 0.035 * z[DEMO_CURRENT]) + 0.05 * z[DEMO_CURRENT]);
    row[DEMO_WINDING] = (float)(s->winding + (0.2 + hum) * z[DEMO_WINDING]);
    row[DEMO_BEARING_DE] = (float)(s->bearing_de + (0.2 + hum) * z[DEMO_BEARING_DE]);
    row[DEMO_BEARING_NDE] = (float)(s->bearing_nde + (0.2 + hum) * z[DEMO_BEARING_NDE]);
    row[DEMO_VIBRATION_DE] = (float)(vibration(s, ill->wear, vapour) * exp(0.08 * z[DEMO_VIBRATION_DE]));
    row[DEMO_VIBRATION_NDE] =
        (float)(0.75 * vibration(s, 0.15 * ill->wear, vapour) * exp(0.08 * z[DEMO_VIBRATION_NDE]));
    row[DEMO_AMBIENT] = (float)(s->room + (0.1 + 0.3 * hum) * z[DEMO_AMBIENT]);
}

/* Faults of sensors, wires and data, which the machine itself does not feel. */
static void spoil_row(float *rows, size_t minute)
{
    float *row = rows + minute * DEMO_N_COLUMNS;
    if (is_at(minute, STUCK_FLOW))
        row[DEMO_FLOW] = row[DEMO_FLOW - DEMO_N_COLUMNS];
    if (is_at(minute, SWAPPED_MODE) && row[DEMO_MODE] != DEMO_OFF)
        row[DEMO_MODE] = row[DEMO_MODE] == DEMO_LOW ? DEMO_HIGH : DEMO_LOW;
    if (is_at(minute, PRESSURE_DRIFT))
        row[DEMO_DISCHARGE] -= (float)(0.5 * (double)(minute - faults[PRESSURE_DRIFT].begin) / DEMO_DAY);
    if (is_at(minute, WINDING_OFFSET))
        row[DEMO_WINDING] -= 9;
}

/* Readings become means of the last 15 minutes; from the last row back, so that means are taken of readings. */
static void smooth_rows(float *rows, size_t begin, size_t end)
{
    enum { WINDOW = 15 };
    for (size_t minute = end; minute-- > begin;) {
        for (size_t col = DEMO_SPEED; col < DEMO_N_COLUMNS; col++) {
            double sum = 0;
            for (size_t back = 0; back < WINDOW; back++)
                sum += rows[(minute - back) * DEMO_N_COLUMNS + col];
            rows[minute * DEMO_N_COLUMNS + col] = (float)(sum / WINDOW);
        }
    }
}

int demo_simulate(demo_machine *machine, uint64_t seed)
{
    state s = {.tank = 3, .winding = 20, .bearing_de = 20, .bearing_nde = 20, .valve = 0.15};
    *machine = (demo_machine){
        .n_rows = DAY(TEST_DAYS), .calibration = DAY(-CALIBRATION_DAYS), .test = DAY(0), .faults = faults};
    machine->rows = malloc(machine->n_rows * DEMO_N_COLUMNS * sizeof *machine->rows);
    if (!machine->rows)
        return -1;
    for (size_t minute = 0; minute < machine->n_rows; minute++) {
        illness ill = illness_at(minute);
        double vapour = run_minute(&s, &ill, minute, seed);
        read_sensors(machine->rows + minute * DEMO_N_COLUMNS, &s, &ill, vapour, minute, seed);
        spoil_row(machine->rows, minute);
    }
    smooth_rows(machine->rows, faults[SMOOTHED].begin, faults[SMOOTHED].end);
    return 0;
}

void demo_machine_free(demo_machine *machine)
{
    free(machine->rows);
    *machine = (demo_machine){0};
}
