/** What the catalogue says about one code. docs/errors.md shows the same; a test holds them equal. */
export interface ErrorEntry {
  /** The message, with `{name}` for each detail. */
  readonly message: string;
  /** Whether the same call may succeed later without a change by anybody. */
  readonly retryable: boolean;
  /** The HTTP status for it. */
  readonly status: number;
  /** One sentence: what to do. */
  readonly hint: string;
  /** `error.name` where a peer's code looks for another one than "LonghaulError". */
  readonly name?: string;
}

/** Every error code, in alphabetical order. */
export const errorCatalogue = {
  ALERT_BAD_OPTION: {
    message: "Alerts cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/alerts.md lists rules and targets.",
  },
  ALERT_BAD_SIGNATURE: {
    message: "The webhook is not accepted: {reason}",
    retryable: false,
    status: 401,
    hint: "Give the body exactly as it arrived, all headers, and the secret that the sender signs with.",
  },
  ALERT_MAIL_MISSING: {
    message: "Mail needs the package nodemailer, and it cannot be loaded: npm install nodemailer",
    retryable: false,
    status: 500,
    hint: "Install nodemailer beside longhaul, or take another target.",
  },
  ALERT_NOT_DELIVERED: {
    message:
      "An alert of rule {rule} did not reach target {target} in {attempts} attempts: {reason}",
    retryable: false,
    status: 502,
    hint: "Look at the target; the alert is sent again after the cool-down if its condition still holds.",
  },
  ALERT_PRIVATE_ADDRESS: {
    message: "The target {target} is at a private address",
    retryable: false,
    status: 400,
    hint: "Give the webhook a public address, or allowPrivate: true if it belongs inside your network.",
  },
  BULLMQ_BAD_CONNECTION: {
    message: "The connection is none that Longhaul knows: {reason}",
    retryable: false,
    status: 500,
    hint: 'Leave it out for the default store, or give file:path, :memory:, { url: "file:path", durability: "full" | "relaxed" }, redis://host, ioredis options or a client, postgres://host/database, a pg configuration or a pg Pool.',
  },
  BULLMQ_BAD_REPEAT: {
    message: "{name} cannot be repeated: {reason}",
    retryable: false,
    status: 400,
    hint: "Give repeat a pattern (or cron) or every, and if you like tz, limit, startDate, endDate, offset, immediately or key.",
  },
  BULLMQ_BAD_WORKER_OPTION: {
    message: "The worker of {queue} cannot start: {reason}",
    retryable: false,
    status: 500,
    hint: "Give attempts as a whole number, and backoff as a number of ms or { type, delay, jitter }.",
  },
  BULLMQ_DRIVER_MISSING: {
    message:
      "The connection needs {server}, and the package {package} is not installed: npm install {package}",
    retryable: false,
    status: 500,
    hint: "Install the package named in the message, pass a client of your own, or leave the connection out for the embedded store.",
  },
  HTTP_SCHEDULE_BAD_FILE: {
    message: "{file} cannot be taken as vercel.json: {reason}",
    retryable: false,
    status: 500,
    hint: "Give crons as an array of { path, schedule }, as Vercel documents it.",
  },
  HTTP_SCHEDULE_BAD_OPTION: {
    message: "The schedule {name} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/http-schedules.md lists them.",
  },
  HTTP_SCHEDULE_FAILED: {
    message: "{method} {url} failed: {reason}",
    retryable: true,
    status: 502,
    hint: "Nothing, unless it goes on: the request is repeated; look at what answers it.",
  },
  INNGEST_BAD_CLIENT_OPTION: {
    message: "The client {client} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Give new Inngest() an id and the options of docs/inngest.md; what needs a server of Inngest's has no place here.",
  },
  INNGEST_BAD_DURATION: {
    message: "{value} is no duration for {option}: {reason}",
    retryable: false,
    status: 500,
    hint: 'Write "30s", "1h30m" or "7d", a number of ms, or a Temporal.Duration without years and months.',
  },
  INNGEST_BAD_EVENT: {
    message: "The event {event} cannot be sent: {reason}",
    retryable: false,
    status: 400,
    hint: "Send { name, data } with a name of your own and a JSON object as data; id, ts (epoch ms), v, user and meta are optional.",
  },
  INNGEST_BAD_FUNCTION: {
    message: "The function {function} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/inngest.md lists them with their limits.",
  },
  INNGEST_BAD_REQUEST: {
    message: "The request cannot be answered: {reason}",
    retryable: false,
    status: 400,
    hint: "POST one event or an array of events as JSON, with Content-Type application/json.",
  },
  INNGEST_BAD_SERVE_OPTION: {
    message: "serve() cannot take {option}: {reason}",
    retryable: false,
    status: 500,
    hint: "Give serve() the client and its functions; see docs/inngest.md for the other options.",
  },
  INNGEST_BAD_STEP: {
    message: "The step {step} cannot be taken: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the arguments of the step that the message names; the run fails at once, because trying again would not help.",
  },
  INNGEST_BODY_TOO_LARGE: {
    message: "The request is larger than {limit} bytes",
    retryable: false,
    status: 413,
    hint: "Send fewer events a request, or keep large data elsewhere and send a reference to it.",
  },
  INNGEST_EVENT_INVALID: {
    message: "The data of {event} does not fit its schema: {reason}",
    retryable: false,
    status: 400,
    hint: "Send what the schema describes, or change the schema; nothing was stored.",
  },
  INNGEST_EVENT_KEY: {
    message: "Events are not accepted here: {reason}",
    retryable: false,
    status: 401,
    hint: "Set INNGEST_EVENT_KEY or the client's eventKey, and send it as Authorization: Bearer <key>; with isDev the machine itself needs no key.",
  },
  INNGEST_NOT_IN_FUNCTION: {
    message: "{tool} was used outside of a function",
    retryable: false,
    status: 500,
    hint: "Use it in the handler of a function, not in a step's body; or use the step that the handler is given.",
  },
  INNGEST_TRANSACTION: {
    message: "The events cannot be sent in this transaction: {reason}",
    retryable: false,
    status: 500,
    hint: "Pass a better-sqlite3 Database that is open on Longhaul's own file and inside a transaction; see docs/events.md.",
  },
  INNGEST_UNSUPPORTED: {
    message: "Longhaul has no {feature}: {reason}",
    retryable: false,
    status: 501,
    hint: "Do it in a step.run(), or take it out; docs/inngest.md lists what differs from Inngest.",
  },
  RUNS_BAD_EVENT: {
    message: "An event cannot be sent: {reason}",
    retryable: false,
    status: 400,
    hint: "Send { name, data } with a name of at most 512 characters and a JSON object as data; id, ts (epoch ms), v, user and meta are optional.",
  },
  RUNS_BAD_EXPRESSION: {
    message: "The expression {expression} of {owner} cannot be used: {reason}",
    retryable: false,
    status: 400,
    hint: "Write CEL over event, and in a wait or cancelOn also async, such as event.data.total > 100.",
  },
  RUNS_BAD_FLOW_CONTROL: {
    message: "{option} of {function} cannot be used: {reason}",
    retryable: false,
    status: 400,
    hint: "Look up the limits of the option in docs/flow-control.md.",
  },
  RUNS_BAD_TRIGGER: {
    message: "A trigger of {function} cannot be used: {reason}",
    retryable: false,
    status: 400,
    hint: "Give an event name, which may end in /* or .*, or a cron expression of 5 or 6 fields, and at most ten of them.",
  },
  RUNS_CANCELED: {
    message: "The run was canceled: {reason}",
    retryable: false,
    status: 409,
    hint: "Start it again if it should run after all; the message says what canceled it.",
  },
  RUNS_EXPIRED: {
    message: "The run did not start within {ms} ms",
    retryable: false,
    status: 504,
    hint: "Start it again, give timeouts.start more time, or look for what holds runs back: concurrency, throttle, too few workers.",
  },
  RUNS_FORGOTTEN: {
    message: "The result of run {run} is no longer kept",
    retryable: false,
    status: 410,
    hint: "Keep runs longer than their idempotency keys count, or use a new key.",
  },
  RUNS_INVOKE_TIMEOUT: {
    message: "The function invoked by step {step} has not ended in time",
    retryable: false,
    status: 504,
    hint: "Give the step a longer timeout; the invoked run goes on by itself.",
  },
  RUNS_MAX_DURATION: {
    message: "The run was executed for longer than its maximum of {limit} ms",
    retryable: false,
    status: 504,
    hint: "Give it more time, or divide it into runs that take less; waits do not count.",
  },
  RUNS_NESTED_STEP: {
    message: "Step {step} was called inside the body of another step",
    retryable: false,
    status: 500,
    hint: "Call steps one after the other, or side by side with Promise.all, from the function itself; a step's body is plain code.",
  },
  RUNS_NOT_COMPLETED: {
    message: "Run {run} has no output: it ended as {state}",
    retryable: false,
    status: 409,
    hint: "Look at the run for the reason; start it again if that makes sense.",
  },
  RUNS_NOT_JSON: {
    message: "{what} cannot be stored as JSON: {reason}",
    retryable: false,
    status: 500,
    hint: "Return plain data: objects, arrays, strings, numbers, booleans and null; a BigInt as a string, and nothing that contains itself.",
  },
  RUNS_RATE_LIMITED: {
    message: "The rate limit of {function} refused the start",
    retryable: true,
    status: 429,
    hint: "Invoke it later, or change the function's rateLimit.",
  },
  RUNS_SIGNAL_TAKEN: {
    message: "Another run waits for the signal {signal}",
    retryable: false,
    status: 409,
    hint: 'Use a signal of its own for each run, or onConflict: "replace".',
  },
  RUNS_SKIPPED: {
    message: "The run was skipped: run {run} holds the key of the singleton",
    retryable: false,
    status: 409,
    hint: "Start it again when that run has ended, or use the singleton's mode cancel.",
  },
  RUNS_START_REFUSED: {
    message: "The function {function} was not started: {reason}",
    retryable: true,
    status: 429,
    hint: "Try again later, or change the function's rateLimit, debounce, batchEvents or singleton.",
  },
  RUNS_STEP_CHANGED: {
    message: "Step {step} was a step of the kind {known} and now is one of the kind {kind}",
    retryable: false,
    status: 500,
    hint: "Give a step that changes what it does a new id, or let its runs end before the new code is deployed.",
  },
  RUNS_TIMED_OUT: {
    message: "The run did not finish within {ms} ms",
    retryable: false,
    status: 504,
    hint: "Give timeouts.finish more time, or split the run.",
  },
  RUNS_TOO_LARGE: {
    message: "{what} is too large: {size} bytes of {limit}",
    retryable: false,
    status: 413,
    hint: "Keep large data where it is and pass its address: a file, an object store or a row of your own.",
  },
  RUNS_TOO_MANY_STEPS: {
    message: "Step {step} is one more than the {limit} steps that a run may take",
    retryable: false,
    status: 500,
    hint: "Put more work into each step, or split the run: invoke a function for each part.",
  },
  RUNS_UNKNOWN_FUNCTION: {
    message: "There is no function {function} here",
    retryable: false,
    status: 404,
    hint: "Give the function to this process's runtime, or correct its id.",
  },
  RUNS_UNKNOWN_TOKEN: {
    message: "There is no token {token}",
    retryable: false,
    status: 404,
    hint: "Wait for the id that createToken gave; tokens that have ended go with what retention removes.",
  },
  RUNS_WAIT_CYCLE: {
    message: "Run {run} cannot wait for run {other}, which waits for it",
    retryable: false,
    status: 409,
    hint: "Look at the idempotency and debounce keys: a start that is merged into a run further up waits for that run.",
  },
  RUNTIME_BAD_FUNCTION: {
    message: "createLonghaul was given a function that is none: {found}",
    retryable: false,
    status: 500,
    hint: "Give what createFunction returned, a list of them flattened, or an engine's FunctionDefinition.",
  },
  RUNTIME_BAD_WORKER: {
    message: "createLonghaul was given a worker that cannot be closed: {found}",
    retryable: false,
    status: 500,
    hint: "Give a Worker, an object with close(), or a function that returns one.",
  },
  RUNTIME_DUPLICATE_FUNCTION: {
    message: "Two functions have the id {function}",
    retryable: false,
    status: 500,
    hint: "Give each function an id of its own: runs find their function by it.",
  },
  RUN_CRASHED: {
    message: "Run {run} lost its process {losses} times in a row without finishing a step",
    retryable: false,
    status: 500,
    hint: "Look for what ends the process: memory, process.exit(), a native module; then start the run again.",
  },
  SERVER_BAD_JSON: {
    message: "The body is no JSON: {reason}",
    retryable: false,
    status: 400,
    hint: "Send JSON, with content-type: application/json.",
  },
  SERVER_BODY_TOO_LARGE: {
    message: "The body is larger than {limit} bytes",
    retryable: false,
    status: 413,
    hint: "Send less, or raise maxBodyBytes of the server.",
  },
  SERVER_FORBIDDEN: {
    message: "This needs the role {needed}",
    retryable: false,
    status: 403,
    hint: "Use a token that has the role, or a scope for just this.",
  },
  SERVER_INTERNAL: {
    message: "Something went wrong inside the server",
    retryable: false,
    status: 500,
    hint: "Look at the log of the server; if it stays, report it.",
  },
  SERVER_INVALID_REQUEST: {
    message: "The request is wrong at {pointer}: {reason}",
    retryable: false,
    status: 422,
    hint: "Compare it with /api/v1/openapi.json.",
  },
  SERVER_NOT_FOUND: {
    message: "There is no {what}",
    retryable: false,
    status: 404,
    hint: "Check the id; what is over is removed after some time.",
  },
  SERVER_NO_ROUTE: {
    message: "There is nothing at this path",
    retryable: false,
    status: 404,
    hint: "The paths are listed in /api/v1/openapi.json.",
  },
  SERVER_UNAUTHENTICATED: {
    message: "Nobody is logged in",
    retryable: false,
    status: 401,
    hint: "Send Authorization: Bearer with a token; `longhaul tokens create` makes one.",
  },
  STORE_BAD_OPTION: {
    message: "The SQLite store has no option {option}",
    retryable: false,
    status: 500,
    hint: "Give url, durability or migrate, or take the option out.",
  },
  STORE_BAD_TRANSACTION: {
    message: "The transaction cannot be joined: {reason}",
    retryable: false,
    status: 500,
    hint: "Pass a better-sqlite3 Database or a node:sqlite DatabaseSync that is open on Longhaul's own file.",
  },
  STORE_BAD_URL: {
    message: "{url} is no store URL: {reason}",
    retryable: false,
    status: 500,
    hint: "Write file:path/to/jobs.db, :memory:, redis://host or postgres://host/database.",
  },
  STORE_BUSY_TIMEOUT: {
    message: "{path} stayed locked by another process for {waitedMs} ms",
    retryable: true,
    status: 503,
    hint: "Look for a stopped process, a long transaction of another program or a backup that holds the file's write lock.",
  },
  STORE_CLOSED: {
    message: "Connection is closed.",
    retryable: false,
    status: 503,
    hint: "Do not use a queue, worker or store after its close(); open a new one.",
    name: "ConnectionClosedError",
  },
  STORE_CORRUPT: {
    message: "{path} is damaged: {reason}",
    retryable: false,
    status: 500,
    hint: "Stop all processes, keep a copy of the file with its -wal, then restore a backup or try the sqlite3 command .recover.",
  },
  STORE_DRIVER_MISSING: {
    message: "No SQLite driver can be loaded ({tried})",
    retryable: false,
    status: 500,
    hint: "Use Node 22.13 or newer, which has SQLite built in, or run npm install better-sqlite3@12.",
  },
  STORE_FULL: {
    message: "There is no space left to write to {path}",
    retryable: true,
    status: 507,
    hint: "Free some disk space; nothing was written, and the store goes on by itself once there is room.",
  },
  STORE_IO: {
    message: "Reading or writing {path} failed: {reason}",
    retryable: true,
    status: 500,
    hint: "Look at the disk, its quota and the system's log; nothing of the failed write is visible.",
  },
  STORE_NEEDS_MIGRATION: {
    message:
      "{path} has schema version {found}, this version of Longhaul needs {needed}, and migrate is false",
    retryable: false,
    status: 500,
    hint: "Run longhaul migrate, or open the store without migrate: false.",
  },
  STORE_NETWORK_FILESYSTEM: {
    message:
      "{path} is on a network filesystem ({filesystem}), where SQLite's locks and shared memory do not work",
    retryable: false,
    status: 500,
    hint: "Put the file on a local disk, use redis: or postgres:, or set allowNetworkFilesystem: true if one machine alone uses it.",
  },
  STORE_NOT_A_DATABASE: {
    message: "{path} is not a Longhaul database: {reason}",
    retryable: false,
    status: 500,
    hint: "Name another file; Longhaul keeps its data in a file of its own and has not touched this one.",
  },
  STORE_OPTIONS_CONFLICT: {
    message:
      "{path} is already open in this process with {option} {open}, and now {wanted} is asked for",
    retryable: false,
    status: 500,
    hint: "Give every queue and worker on one file the same storage options.",
  },
  STORE_READ_ONLY: {
    message: "{path} cannot be written to",
    retryable: false,
    status: 500,
    hint: "Give the process write permission for the file and for its folder, where SQLite keeps the -wal and -shm files.",
  },
  STORE_TOO_NEW: {
    message: "{path} has schema version {found}, and this version of Longhaul knows only {known}",
    retryable: false,
    status: 500,
    hint: "Upgrade Longhaul in this process to the version that wrote the file.",
  },
  TASK_BAD_CALL: {
    message: "{call} cannot be used so: {reason}",
    retryable: false,
    status: 400,
    hint: "Look at the option that the message names; docs/trigger.md lists them with their limits. Nothing was done.",
  },
  TASK_BAD_CONFIG: {
    message: "{file} cannot be used as a configuration: {reason}",
    retryable: false,
    status: 500,
    hint: "Export default defineConfig({ project, … }); dirs names the folders of the tasks.",
  },
  TASK_BAD_DURATION: {
    message: "{value} is no time for {option}: {reason}",
    retryable: false,
    status: 400,
    hint: 'Write "30s", "10m", "1h30m", "7d" or "2w", a Date where one may stand, and { seconds: 30 } for wait.for.',
  },
  TASK_BAD_OPTION: {
    message: "{owner} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/trigger.md lists them with their limits.",
  },
  TASK_BAD_TRIGGER: {
    message: "{task} cannot be triggered: {reason}",
    retryable: false,
    status: 400,
    hint: "Look at the option that the message names; docs/trigger.md lists them with their limits. Nothing was started.",
  },
  TASK_CONFLICT: {
    message: "{call} cannot be done: {reason}",
    retryable: false,
    status: 409,
    hint: "Only runs that are delayed have a time to change, and only schedules that schedules.create has made.",
  },
  TASK_HOOK_FAILED: {
    message: "The hook {hook} of {task} failed: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the error's cause. Middleware has to call next(), once.",
  },
  TASK_IN_THE_PAST: {
    message: "wait.until was given {date}, which is in the past",
    retryable: false,
    status: 500,
    hint: "Give a date ahead, or leave throwIfInThePast out: then it is no wait.",
  },
  TASK_NOT_FOUND: {
    message: "There is no {what} {id}",
    retryable: false,
    status: 404,
    hint: "Look for a mistake in the id, and for another store; runs that are over go with what retention removes.",
  },
  TASK_NOT_IN_TASK: {
    message: "{tool} was used {place}",
    retryable: false,
    status: 500,
    hint: "Use it in the run function of a task or in its hooks, not in the body of a step; what it calls may use it too.",
  },
  TASK_NO_LOCAL: {
    message: "The local {local} has no value in this run",
    retryable: false,
    status: 500,
    hint: "Set it before, in middleware or init: locals belong to one execution of a run.",
  },
  TASK_TOKEN_ENDED: {
    message: "The token {token} cannot be completed any more: it is {state}",
    retryable: false,
    status: 409,
    hint: "A token is completed once, within its time. Make another, or give it more time.",
  },
  TASK_TOO_DEEP: {
    message: "{task} would be the child of more than {limit} runs, one inside the other",
    retryable: false,
    status: 409,
    hint: "Look for tasks that trigger each other in a circle; a task that goes on for ever should trigger itself from outside, or wait.",
  },
  TASK_UNSUPPORTED: {
    message: "Longhaul has no {feature}: {reason}",
    retryable: false,
    status: 501,
    hint: "Take it out; docs/trigger.md lists what differs from Trigger.dev.",
  },
  TRIGGER_V2_BAD_CALL: {
    message: "{call} cannot be used: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the arguments of the call that the message names; docs/trigger-v2.md lists what they may be.",
  },
  TRIGGER_V2_BAD_EVENT: {
    message: "The event {event} cannot be sent: {reason}",
    retryable: false,
    status: 400,
    hint: "Send { name, payload } with JSON as the payload; id, context, timestamp (a Date) and source are optional, and of deliverAt and deliverAfter one.",
  },
  TRIGGER_V2_BAD_JOB: {
    message: "The job {job} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Give defineJob an id, a name, a version such as 1.0.0, a trigger and run; docs/trigger-v2.md lists the other options.",
  },
  TRIGGER_V2_BAD_TRIGGER: {
    message: "{trigger} cannot be used: {reason}",
    retryable: false,
    status: 500,
    hint: "Look up the trigger and its limits in docs/trigger-v2.md.",
  },
  TRIGGER_V2_FETCH_FAILED: {
    message: "The request of {task} to {url} failed: {reason}",
    retryable: false,
    status: 502,
    hint: "Look at the answer in the message; give backgroundFetch a retry for the statuses that pass.",
  },
  TRIGGER_V2_INVALID_PAYLOAD: {
    message: "The payload of {name} does not fit its schema: {reason}",
    retryable: false,
    status: 400,
    hint: "Send what the schema describes, or change the schema.",
  },
  TRIGGER_V2_JOB_DISABLED: {
    message: "The job {job} is disabled",
    retryable: false,
    status: 409,
    hint: "Take enabled: false out of the job, or do not invoke it.",
  },
  TRIGGER_V2_NOT_IN_RUN: {
    message: "{call} was called outside of a run",
    retryable: false,
    status: 500,
    hint: "Call it in the run function of a job; outside of one, use what the client has.",
  },
  TRIGGER_V2_TIMEOUT: {
    message: "{task} has not ended within {seconds} seconds",
    retryable: false,
    status: 504,
    hint: "Give it a longer timeout, or catch the error with io.try().",
  },
  TRIGGER_V2_UNSUPPORTED: {
    message: "Longhaul has no {feature}: {reason}",
    retryable: false,
    status: 501,
    hint: "Take it out, or do it another way; docs/trigger-v2.md lists what differs from Trigger.dev.",
  },
} as const satisfies Record<string, ErrorEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;
