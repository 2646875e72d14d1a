// Made by `npm run generate` from docs/api; not to be edited.
export interface paths {
    readonly "/api/v1/indices": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The indices the token may read */
        readonly get: operations["listIndices"];
        readonly put?: never;
        /** Create an index */
        readonly post: operations["createIndex"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        /** One index with its shards */
        readonly get: operations["getIndex"];
        readonly put?: never;
        readonly post?: never;
        /**
         * End its jobs, resolve its alerts, delete the index
         * @description 409 while it has aliases, naming them.
         */
        readonly delete: operations["deleteIndex"];
        readonly options?: never;
        readonly head?: never;
        /**
         * Merge settings into an index
         * @description Members given are merged, also within `tiering`. No event if nothing changes.
         */
        readonly patch: operations["changeIndex"];
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/vectors": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        /** Vectors page by page, in no order of meaning */
        readonly get: operations["listVectors"];
        readonly put?: never;
        /**
         * Write vectors
         * @description Validated whole before anything is written: 422 names the first member at fault and writes nothing. An id that
         *     exists is replaced; of equal ids in one request the last wins. Answered once durable and visible to searches.
         */
        readonly post: operations["upsertVectors"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/vectors/delete": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Delete vectors by id or by filter
         * @description A filter needs a condition; one that would match everything is 422.
         */
        readonly post: operations["deleteVectors"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/vectors/{vid}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
                /** @description The vector's id, percent-encoded. */
                readonly vid: string;
            };
            readonly cookie?: never;
        };
        /** One vector */
        readonly get: operations["getVector"];
        readonly put?: never;
        readonly post?: never;
        /** Delete one vector */
        readonly delete: operations["deleteVector"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/search": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Find the nearest vectors */
        readonly post: operations["search"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/import": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Stream a file into an index
         * @description The body is the file, of any size; rows apply while it streams in, and `job.*` events tell how far it is. The
         *     job is committed before its first row. The answer comes when the body has ended. A broken or short body is
         *     job.failed, answered 400 with the job object; rows already applied stay and are counted. A JSON body names a
         *     file beneath the server's import folder instead, which may end in `.gz` or `.zst`, and is answered at once; such
         *     an import goes on after a restart of the server. A body may be compressed (`Content-Encoding`). On a read-only
         *     node no job is begun; one that was under way fails with code `readonly`, answered 503.
         */
        readonly post: operations["importVectors"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/export": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Write the index's vectors to a file
         * @description A job of type `export` writes the rows as they stand at one moment, when it begins to run. Once it has completed,
         *     the file is the job's result. JSON lines import to the same vectors again; NPY has the values alone, as float32
         *     [rows, dim] in rising row order, shard after shard.
         */
        readonly post: operations["exportVectors"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/train": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Move the index's shards to the ivf tier now, whatever their thresholds
         * @description Shards beyond it are arranged anew in the tier they are in. Conflict for an index of type IDMap, and when there is nothing to train.
         */
        readonly post: operations["trainIndex"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/merge": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Merge the index's shards now, whatever their thresholds
         * @description All shards get one sealed part together, its values on disk: a search looks into it once, not once a shard.
         */
        readonly post: operations["mergeIndex"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/compact": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Give back the places of deleted and replaced vectors now
         * @description Each shard stays in its tier. Conflict when nothing was deleted or replaced.
         */
        readonly post: operations["compactIndex"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/recall": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Measure how many of the nearest vectors plain searches find
         * @description A background job. Vectors of the index, chosen at random, are searched for as a client would and exactly; of the k nearest,
         *     themselves left out, the share that both have is the recall. It is then shown in `metrics.search`.
         */
        readonly post: operations["measureRecall"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/indices/{id}/snapshot": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Make a file of the index that another server can be given
         * @description A background job. The file has the index's settings as of an event's id and its rows as they were while that event
         *     was the newest; writing goes on. `GET /jobs/{id}/result` has it once the job has completed.
         */
        readonly post: operations["snapshotIndex"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/restore": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Make an index from a snapshot
         * @description The body is the file, of any size; rows apply while it streams in, each block verified before a row of it is used.
         *     The index is there from job.started on, and belongs to the job until it has completed: after any damage (job.failed
         *     naming the place), a cancel, a stop or a crash it is deleted again. A JSON body names a file beneath the import folder
         *     instead and is answered at once. A file whose header cannot be read is a failed job without an index.
         */
        readonly post: operations["restoreIndex"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/aliases": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The aliases whose index the token may read */
        readonly get: operations["listAliases"];
        /**
         * Set, switch or remove aliases, all of them or none
         * @description An alias may stand for {id} in every path of an index. It has a name that an index could have and none has (409);
         *     its index exists (404). Requests admitted before the answer are served by the index that the alias stood for
         *     then, whole; those sent after it by the new one. Durable when answered. A removal of what is not there is none.
         */
        readonly put: operations["putAliases"];
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/aliases/{alias}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The alias. */
                readonly alias: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        readonly post?: never;
        /** Remove an alias; its index stays */
        readonly delete: operations["deleteAlias"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/jobs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Running jobs and the last ones that ended */
        readonly get: operations["listJobs"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/jobs/{id}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The jobId. */
                readonly id: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        /**
         * One job, now or once it has ended
         * @description With `wait_for` the answer is the job once it has ended, or as it stands when the time is over. 10,000 requests
         *     may wait, 1,000 of one token; more are answered 503 overloaded at once.
         */
        readonly get: operations["getJob"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/jobs/{id}/result": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The jobId. */
                readonly id: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        /**
         * The file that a completed job has made
         * @description Needs `read:` of the job's index. 409 while the job has not ended; 404 when it made no file, or has it no longer:
         *     files are kept for 24 hours, of all the newest 16 and at most 10 GiB.
         */
        readonly get: operations["getJobResult"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/jobs/{id}/cancel": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The jobId. */
                readonly id: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Ask a job to stop; it ends in job.failed with the code cancelled */
        readonly post: operations["cancelJob"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/alerts": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Open alerts */
        readonly get: operations["listAlerts"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/alerts/{id}/ack": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The alertId. */
                readonly id: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Acknowledge an alert; it is emitted again with acknowledged_at */
        readonly post: operations["acknowledgeAlert"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/alert-rules": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The rules */
        readonly get: operations["listAlertRules"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/alert-rules/{rule}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The rule's name. */
                readonly rule: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        /** Change a rule or add one; its open alerts are judged anew */
        readonly put: operations["putAlertRule"];
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/tokens": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The tokens, without their secrets */
        readonly get: operations["listTokens"];
        readonly put?: never;
        /** Make a token */
        readonly post: operations["createToken"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/tokens/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The token's name. */
                readonly name: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        readonly post?: never;
        /** Revoke a token; its live sessions close with 4001 */
        readonly delete: operations["revokeToken"];
        readonly options?: never;
        readonly head?: never;
        /** Change scopes, expiry or limits; live sessions are judged anew */
        readonly patch: operations["changeToken"];
        readonly trace?: never;
    };
    readonly "/api/v1/sign-in-codes": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Make a code that signs a browser in once
         * @description `<server>/#code=<code>` is the link; a fragment is not sent, so the code stands in no log. It is kept as a hash in
         *     memory, works once, for `sign_in.code_seconds`, and not after a restart. 1,000 may wait; more are 503 overloaded.
         */
        readonly post: operations["createSignInCode"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/sign-in": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Trade a sign-in code for a token
         * @description The token may do what the one that made the code may do now, and expires by itself. A code that is unknown, used or
         *     too old is 401, one answer for all; wrong codes count as wrong tokens do (429).
         */
        readonly post: operations["signIn"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/sessions": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Live sessions on this node */
        readonly get: operations["listSessions"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/cluster": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The nodes */
        readonly get: operations["getCluster"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/state": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The whole state, exact at its id */
        readonly get: operations["getState"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The event stream as Server-Sent Events
         * @description `data:` is the message exactly as a WebSocket session gets it, `id:` its cursor. A bare `id:` about every 15 s
         *     keeps a quiet stream's cursor fresh. A `since` that is past retention or of another epoch is told by one
         *     message of type `error` with the code `cursor_expired`; the stream goes on live. Errors are `data:` like all
         *     messages, without an event name of their own.
         */
        readonly get: operations["streamEvents"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/metrics/system": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Newest metrics.system
         * @description Names no index, so it is shown under an `events:` scope that covers it; empty for a token that may only read.
         */
        readonly get: operations["getSystemMetrics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/metrics/index": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Newest metrics.index of each index */
        readonly get: operations["getIndexMetrics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/metrics/search": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Newest metrics.search of each index that was searched */
        readonly get: operations["getSearchMetrics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/metrics/ingest": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Newest metrics.ingest of each index that was written */
        readonly get: operations["getIngestMetrics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The dashboard */
        readonly get: operations["dashboard"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/assets/{file}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** A script or style of the dashboard */
        readonly get: operations["dashboardAsset"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/health/live": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The process answers */
        readonly get: operations["live"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/health/ready": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The state stands and requests are welcome */
        readonly get: operations["ready"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/metrics": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Everything counted, for Prometheus
         * @description Needs `read:*`, unless `server.metrics_public` is set.
         */
        readonly get: operations["prometheus"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/openapi.yaml": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** This document */
        readonly get: operations["openapi"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/asyncapi.yaml": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The WebSocket's messages */
        readonly get: operations["asyncapi"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        readonly Name: string;
        /**
         * @description UTC RFC 3339 with milliseconds.
         * @example 2024-12-22T10:30:00.123Z
         */
        readonly Timestamp: string;
        /** @description A place in the log, `<epoch>-<seq>`. Opaque to clients. */
        readonly Cursor: string;
        readonly Count: number;
        /** @enum {unknown} */
        readonly ErrorCode: "bad_request" | "unauthorized" | "forbidden" | "not_found" | "timeout" | "conflict" | "too_large" | "invalid_vector" | "invalid_value" | "rate_limited" | "internal" | "overloaded" | "recovering" | "readonly" | "no_space";
        readonly Error: {
            readonly error: components["schemas"]["ErrorCode"];
            /** @description Names the value at fault and the limit. */
            readonly message: string;
            /** @description The request's member at fault, e.g. vectors[3].values[17]. */
            readonly member?: string;
            readonly retry_after_ms?: components["schemas"]["Count"];
        };
        /** @enum {unknown} */
        readonly Tier: "idmap" | "ivf" | "ondisk" | "merged";
        /** @enum {unknown} */
        readonly ShardState: "initializing" | "active" | "training" | "migrating" | "readonly" | "recovering" | "dead";
        /** @enum {unknown} */
        readonly MetricType: "L2" | "IP" | "COSINE";
        /** @description A shard's live vectors at which the next tier begins; the percent of tombstones that starts compaction. */
        readonly Tiering: {
            /** @default 10000 */
            readonly idmap_to_ivf: number;
            /** @default 1000000 */
            readonly ivf_to_ondisk: number;
            /** @default 10000000 */
            readonly merge: number;
            /** @default 20 */
            readonly compaction_percent: number;
        };
        readonly TieringChange: {
            readonly idmap_to_ivf?: number;
            readonly ivf_to_ondisk?: number;
            readonly merge?: number;
            readonly compaction_percent?: number;
        };
        readonly NewIndex: {
            readonly index_id: components["schemas"]["Name"];
            readonly dimension: number;
            readonly metric_type?: components["schemas"]["MetricType"];
            /** @default 1 */
            readonly num_shards?: number;
            /**
             * @description IDMap stays flat and exact: it is never trained, by hand neither (409). IVF is another word for IVFFlat. The sealed parts of an HNSW index are graphs, of the others lists.
             * @default auto
             * @enum {unknown}
             */
            readonly index_type?: "auto" | "IDMap" | "IVFFlat" | "IVF" | "HNSW";
            /**
             * @description 0: chosen at training.
             * @default 0
             */
            readonly num_centroids?: number;
            /**
             * @description How sealed parts hold values in memory: 32 bits, 16 bits (values beyond 65504 are refused), or not at all, but codes of 8 bits alone: what is near by those is then read from disk.
             * @default none
             * @enum {unknown}
             */
            readonly quantization?: "none" | "f16" | "int8";
            /**
             * @description Lists that a search probes unless it says so itself; used as given. 0: as many as were calibrated at training for a recall of 0.95, by k and filter.
             * @default 0
             */
            readonly nprobe?: number;
            readonly tiering?: components["schemas"]["TieringChange"];
        };
        readonly IndexChange: {
            readonly nprobe?: number;
            readonly num_centroids?: number;
            readonly tiering?: components["schemas"]["TieringChange"];
        };
        /** @description Counts are as of the index's last durable event; live ones are in metrics.index. */
        readonly Index: {
            readonly index_id: components["schemas"]["Name"];
            readonly dimension: number;
            readonly metric_type: components["schemas"]["MetricType"];
            /** @enum {unknown} */
            readonly index_type: "auto" | "IDMap" | "IVFFlat" | "HNSW";
            readonly num_shards: number;
            readonly num_centroids: components["schemas"]["Count"];
            /** @enum {unknown} */
            readonly quantization: "none" | "f16" | "int8";
            readonly nprobe: components["schemas"]["Count"];
            readonly tiering: components["schemas"]["Tiering"];
            readonly vectors: components["schemas"]["Count"];
            /** @description Tombstones not yet compacted. */
            readonly deleted: components["schemas"]["Count"];
            readonly bytes: components["schemas"]["Count"];
            readonly created_at: components["schemas"]["Timestamp"];
            readonly shards: readonly components["schemas"]["Shard"][];
        };
        readonly Shard: {
            readonly shard: components["schemas"]["Count"];
            readonly node: components["schemas"]["Name"];
            readonly tier: components["schemas"]["Tier"];
            readonly state: components["schemas"]["ShardState"];
            readonly vectors: components["schemas"]["Count"];
            readonly bytes: components["schemas"]["Count"];
            /** @description When it came to this tier and state. */
            readonly since: components["schemas"]["Timestamp"];
        };
        readonly IndexList: {
            readonly indices: readonly components["schemas"]["Index"][];
            readonly total_count: components["schemas"]["Count"];
        };
        readonly Alias: {
            readonly alias: components["schemas"]["Name"];
            readonly index: components["schemas"]["Name"];
        };
        readonly AliasList: {
            readonly aliases: readonly components["schemas"]["Alias"][];
        };
        readonly AliasChange: {
            readonly alias: components["schemas"]["Name"];
            /** @description The index it is to stand for; null removes it. */
            readonly index: string | null;
        };
        readonly AliasChanges: {
            readonly aliases: readonly components["schemas"]["AliasChange"][];
        };
        /** @description A JSON object of at most 16 KiB. */
        readonly Metadata: {
            readonly [key: string]: unknown;
        };
        /** @description As many finite 32-bit floats as the index has dimensions. */
        readonly Values: readonly number[];
        readonly Vector: {
            readonly id: string;
            readonly values: components["schemas"]["Values"];
            readonly metadata?: components["schemas"]["Metadata"];
        };
        readonly NewVector: {
            /** @description Integers become strings. */
            readonly id: string | number;
            readonly values: components["schemas"]["Values"];
            readonly metadata?: components["schemas"]["Metadata"];
        };
        readonly VectorBatch: {
            readonly vectors: readonly components["schemas"]["NewVector"][];
        };
        readonly VectorPage: {
            readonly vectors: readonly components["schemas"]["Vector"][];
            readonly next: string | null;
        };
        readonly VectorSelection: {
            readonly ids?: readonly (string | number)[];
            readonly filter?: components["schemas"]["Filter"];
        };
        readonly Upserted: {
            readonly upserted: components["schemas"]["Count"];
        };
        readonly Deleted: {
            readonly deleted: components["schemas"]["Count"];
        };
        /** @description All of `must`, at least one of `should` if there are some, none of `must_not`. At most 1,000 terms, 8 deep. */
        readonly Filter: {
            readonly must?: readonly components["schemas"]["FilterTerm"][];
            readonly should?: readonly components["schemas"]["FilterTerm"][];
            readonly must_not?: readonly components["schemas"]["FilterTerm"][];
        };
        /** @description One condition on a member of the metadata (a path with dots), or a nested filter. */
        readonly FilterTerm: {
            readonly key?: string;
            readonly match?: string | number | boolean;
            readonly any?: readonly (string | number | boolean)[];
            readonly range?: {
                readonly gt?: number;
                readonly gte?: number;
                readonly lt?: number;
                readonly lte?: number;
            };
            readonly exists?: boolean;
            readonly must?: readonly Record<string, never>[];
            readonly should?: readonly Record<string, never>[];
            readonly must_not?: readonly Record<string, never>[];
        };
        /** @description `vector` for one query, `vectors` for several. */
        readonly SearchRequest: {
            readonly vector?: components["schemas"]["Values"];
            readonly vectors?: readonly components["schemas"]["Values"][];
            /** @default 10 */
            readonly k?: number;
            /** @description Lists to probe in each shard, used as given; more than there are is all of them. Without it the index's, or as calibrated for a recall of 0.95. */
            readonly nprobe?: number;
            /** @description Near vertices to keep in a graph (HNSW), used as given, but never fewer than k. Without it as calibrated for a recall of 0.95. */
            readonly ef?: number;
            readonly filter?: components["schemas"]["Filter"];
            /**
             * @default [
             *       "metadata"
             *     ]
             */
            readonly include?: readonly ("metadata" | "values")[];
            /**
             * @description Compare with every vector.
             * @default false
             */
            readonly exact?: boolean;
        };
        readonly Hit: {
            readonly id: string;
            /** @description Squared L2, 1 - cosine, or -dot: less is nearer; equal ones are ordered by id. Always finite: a 32-bit number, or beyond those a 64-bit one. */
            readonly distance: number;
            readonly metadata?: components["schemas"]["Metadata"];
            readonly values?: components["schemas"]["Values"];
        };
        readonly SearchAnswer: {
            readonly results: readonly (readonly components["schemas"]["Hit"][])[];
            readonly took_ms: number;
            /** @description Vectors measured for all queries, by codes or by values. */
            readonly visited: components["schemas"]["Count"];
        };
        readonly ImportSource: {
            /** @description A path beneath the import folder; only regular files. */
            readonly source: string;
        };
        readonly ExportRequest: {
            /** @enum {unknown} */
            readonly format: "jsonl" | "npy";
            /**
             * @default none
             * @enum {unknown}
             */
            readonly compression?: "none" | "gzip" | "zstd";
            readonly filter?: components["schemas"]["Filter"];
        };
        /** @enum {unknown} */
        readonly JobState: "queued" | "running" | "completed" | "failed";
        /** @enum {unknown} */
        readonly JobType: "import" | "train" | "migrate" | "merge" | "compact" | "recall" | "export" | "snapshot" | "restore";
        /** @description Numbers that are not known yet are null. */
        readonly Job: {
            readonly jobId: components["schemas"]["Name"];
            readonly jobType: components["schemas"]["JobType"];
            /** @description Work done over work known; never falls; 1 before job.completed. */
            readonly progress: number | null;
            /**
             * @description What is done: of an import the rows handled, refused ones among them; of an export the rows written; of a
             *     training the comparisons of two vectors.
             */
            readonly processed: number;
            /** @description Of the same; null while it is not known how many there are. */
            readonly total: number | null;
            /** @description Of the same, a second, as a moving average. */
            readonly rate: number;
            /** @description What is left, by how fast it goes, in the unit of progress; null while progress is null or rate is 0. */
            readonly eta_seconds: number | null;
            readonly index: string | null;
            readonly phase: string;
            readonly state: components["schemas"]["JobState"];
            /** @description Rows refused. */
            readonly failed: components["schemas"]["Count"];
            /** @description The first 10 refused rows. */
            readonly errors: readonly components["schemas"]["RowError"][];
            readonly started_at: components["schemas"]["Timestamp"];
            readonly finished_at: components["schemas"]["Timestamp"] | null;
            readonly error: components["schemas"]["JobError"] | null;
        };
        readonly RowError: {
            /** @description From 0, in the order of the file. */
            readonly row: components["schemas"]["Count"];
            readonly message: string;
        };
        readonly JobError: {
            readonly code: components["schemas"]["JobErrorCode"];
            readonly message: string;
        };
        /** @enum {unknown} */
        readonly JobErrorCode: "bad_request" | "cancelled" | "conflict" | "corrupt" | "internal" | "interrupted" | "invalid_value" | "invalid_vector" | "no_space" | "not_found" | "overloaded" | "readonly" | "recovering" | "timeout" | "too_large";
        readonly JobList: {
            readonly jobs: readonly components["schemas"]["Job"][];
        };
        /** @enum {unknown} */
        readonly Severity: "warning" | "error" | "resolved" | "rate_limit";
        readonly Alert: {
            readonly alertId: components["schemas"]["Name"];
            readonly severity: components["schemas"]["Severity"];
            readonly title: string;
            readonly message: string;
            /** @description node, value and threshold of what the rule measures, and readonly (true) while it makes the node read-only; of a rate limit: token (its name), limit, window_seconds, rejected, retry_after_seconds. */
            readonly metadata: {
                readonly [key: string]: unknown;
            };
            readonly rule: string;
            /** @description When it was first raised. */
            readonly since: components["schemas"]["Timestamp"];
            /** @enum {unknown} */
            readonly state: "open" | "resolved";
            readonly index?: components["schemas"]["Name"];
            readonly acknowledged_at?: components["schemas"]["Timestamp"];
        };
        readonly AlertList: {
            readonly alerts: readonly components["schemas"]["Alert"][];
        };
        /** @enum {unknown} */
        readonly RuleMetric: "memory_fraction" | "disk_fraction" | "search_p99_ms" | "search_error_fraction" | "job_failed" | "node_lost" | "lag_seconds";
        readonly AlertRule: {
            readonly rule: components["schemas"]["Name"];
            readonly metric: components["schemas"]["RuleMetric"];
            /**
             * @description Which way is worse. A level is reached at its own value (`>` at or above it, `<` at or below), and left behind `clear`.
             * @enum {unknown}
             */
            readonly comparison: ">" | "<";
            /** @description The level of a warning; fractions are 0-1. */
            readonly warn: number | null;
            /** @description The level of an error. */
            readonly error: number | null;
            /** @description The level at which an open alert resolves. */
            readonly clear: number;
            /** @description How long a level must hold. */
            readonly for_seconds: number;
            readonly enabled: boolean;
        };
        /** @description Members left out keep their values. */
        readonly AlertRuleChange: {
            readonly rule?: components["schemas"]["Name"];
            readonly metric?: components["schemas"]["RuleMetric"];
            /** @enum {unknown} */
            readonly comparison?: ">" | "<" | "gt" | "lt";
            readonly warn?: number | null;
            readonly error?: number | null;
            /**
             * @description One that was given stays, but never beyond the first level. Until one is given it follows the first level (warn, or
             *     error without one), as far from it as in the rule's default.
             */
            readonly clear?: number;
            readonly for_seconds?: number;
            readonly enabled?: boolean;
        };
        readonly AlertRuleList: {
            readonly rules: readonly components["schemas"]["AlertRule"][];
        };
        /** @description `events:<channel pattern>`, `read:<index pattern>`, `search:…`, `write:…`, or `admin`. */
        readonly ScopeText: string;
        readonly Scopes: readonly components["schemas"]["ScopeText"][];
        readonly TokenRequest: {
            readonly name: components["schemas"]["Name"];
            readonly scopes: readonly components["schemas"]["ScopeText"][];
            readonly expires_in_seconds?: number | null;
            readonly expires_at?: components["schemas"]["Expiry"];
            /** @description Left out: no limit. */
            readonly rate_limit_per_minute?: number;
            /** @description Left out: the same as the limit. */
            readonly burst?: number;
            /** @description A secret of your own; left out, one is made. */
            readonly token?: string;
        };
        /**
         * Format: date-time
         * @description A time in the future, as RFC 3339 writes it, instead of `expires_in_seconds` (both are 422); null is never.
         */
        readonly Expiry: string | null;
        /** @description Members left out stay. */
        readonly TokenChange: {
            readonly scopes?: components["schemas"]["Scopes"];
            readonly expires_at?: components["schemas"]["Expiry"];
            /** @description From now, instead of expires_at. */
            readonly expires_in_seconds?: number | null;
            /** @description null: no limit. */
            readonly rate_limit_per_minute?: number | null;
            /** @description null: the same as the limit. */
            readonly burst?: number | null;
        };
        readonly Token: {
            readonly name: components["schemas"]["Name"];
            readonly scopes: components["schemas"]["Scopes"];
            readonly expires_at?: components["schemas"]["Timestamp"] | null;
            readonly rate_limit_per_minute?: number | null;
            readonly burst?: number | null;
            readonly created_at: components["schemas"]["Timestamp"];
        };
        readonly NewToken: components["schemas"]["Token"] & {
            readonly token: string;
        };
        readonly SignInCode: {
            readonly code: string;
            readonly expires_in_seconds: number;
        };
        readonly SignInRequest: {
            readonly code: string;
        };
        readonly SignedIn: {
            readonly token: string;
            /** @description `browser-` and twelve characters. */
            readonly name: components["schemas"]["Name"];
            readonly scopes: components["schemas"]["Scopes"];
            readonly expires_at: components["schemas"]["Timestamp"];
        };
        readonly TokenList: {
            readonly tokens: readonly components["schemas"]["Token"][];
        };
        readonly Session: {
            readonly session: string;
            /** @description The token's name, never the secret; empty until the session said who it is. */
            readonly token: string;
            /** @description The client's address. */
            readonly remote: string;
            readonly transport: string;
            readonly channels: readonly string[];
            readonly queued_bytes: components["schemas"]["Count"];
            /** @description How far in the log it is; empty before it subscribed. */
            readonly id: string;
            /** @description Events between that and the log's end. */
            readonly lag: components["schemas"]["Count"];
            readonly since: components["schemas"]["Timestamp"];
        };
        readonly SessionList: {
            readonly sessions: readonly components["schemas"]["Session"][];
        };
        readonly Cluster: {
            readonly nodes: readonly {
                readonly [key: string]: unknown;
            }[];
        } & {
            readonly [key: string]: unknown;
        };
        readonly Health: {
            readonly status: string;
        };
        /** @description Only what channels and scopes allow. */
        readonly StateData: {
            readonly indices: readonly components["schemas"]["Index"][];
            /** @description Running ones and, per index, the last 100 that ended. */
            readonly jobs: readonly components["schemas"]["Job"][];
            /** @description Open ones. */
            readonly alerts: readonly components["schemas"]["Alert"][];
            /** @description The newest metrics.* samples. */
            readonly metrics: readonly components["schemas"]["MetricsSample"][];
            readonly part: components["schemas"]["Count"];
            readonly last: boolean;
        };
        readonly State: {
            /** @constant */
            readonly type: "state";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["StateData"];
            readonly id: components["schemas"]["Cursor"];
        };
        /** @description The newest sample of a channel; its event's data, and beside it which sample that is. */
        readonly MetricsSample: (components["schemas"]["SystemMetrics"] & {
            /** @constant */
            readonly type: "metrics.system";
            readonly timestamp: components["schemas"]["Timestamp"];
        }) | (components["schemas"]["IndexMetrics"] & {
            /** @constant */
            readonly type: "metrics.index";
            readonly timestamp: components["schemas"]["Timestamp"];
        }) | (components["schemas"]["SearchMetrics"] & {
            /** @constant */
            readonly type: "metrics.search";
            readonly timestamp: components["schemas"]["Timestamp"];
        }) | (components["schemas"]["IngestMetrics"] & {
            /** @constant */
            readonly type: "metrics.ingest";
            readonly timestamp: components["schemas"]["Timestamp"];
        });
        readonly SystemMetrics: {
            readonly node: components["schemas"]["Name"];
            /** @description Searches answered in a sliding second. */
            readonly qps: number;
            /** @description At the server's edge over the last 10 s. */
            readonly latency_p50_ms: number;
            readonly latency_p99_ms: number;
            /** @description Sessions past the upgrade. */
            readonly active_connections: components["schemas"]["Count"];
            /** @description The process's resident set, in 10^9 bytes. */
            readonly memory_used_gb: number;
            readonly cpu_percent: number;
            readonly memory_limit_gb: number;
            readonly disk_used_gb: number;
            readonly uptime_seconds: number;
            readonly events_per_second: number;
        };
        readonly TierCounts: {
            readonly idmap: components["schemas"]["Count"];
            readonly ivf: components["schemas"]["Count"];
            readonly ondisk: components["schemas"]["Count"];
            readonly merged: components["schemas"]["Count"];
        };
        readonly IndexMetrics: {
            readonly index: components["schemas"]["Name"];
            readonly vectors: components["schemas"]["Count"];
            readonly deleted: components["schemas"]["Count"];
            readonly bytes: components["schemas"]["Count"];
            readonly shards: components["schemas"]["Count"];
            readonly tiers: components["schemas"]["TierCounts"];
            /** @description Vectors not yet in the sealed part of a shard beyond idmap. */
            readonly unindexed: components["schemas"]["Count"];
        };
        readonly SearchMetrics: {
            readonly index: components["schemas"]["Name"];
            readonly qps: number;
            readonly latency_p50_ms: number;
            readonly latency_p99_ms: number;
            readonly errors_per_second: number;
            /** @description A second. */
            readonly vectors_scanned: number;
            /** @description As `POST /indices/{id}/recall` measured it last, since the server's start; absent until then. */
            readonly recall?: number;
        };
        readonly IngestMetrics: {
            readonly index: components["schemas"]["Name"];
            /** @description Rows applied a second. */
            readonly rate: number;
            readonly bytes_per_second: number;
            /** @description Rows read and not yet applied. */
            readonly pending: components["schemas"]["Count"];
            readonly failed: components["schemas"]["Count"];
        };
        readonly SystemMetricsList: {
            readonly metrics: readonly components["schemas"]["SystemMetrics"][];
        };
        readonly IndexMetricsList: {
            readonly metrics: readonly components["schemas"]["IndexMetrics"][];
        };
        readonly SearchMetricsList: {
            readonly metrics: readonly components["schemas"]["SearchMetrics"][];
        };
        readonly IngestMetricsList: {
            readonly metrics: readonly components["schemas"]["IngestMetrics"][];
        };
        readonly Ref: string | number;
        /** @description Exact channels, prefixes ending in .*, or *. */
        readonly Channels: readonly string[];
        readonly Authenticated: {
            /** @description The token's name. */
            readonly subject: string;
            readonly scopes: components["schemas"]["Scopes"];
            readonly expires_at: components["schemas"]["Timestamp"] | null;
        };
        readonly AuthExpiring: {
            readonly expires_at: components["schemas"]["Timestamp"];
        };
        readonly Subscribed: {
            /** @description All patterns now. */
            readonly channels: components["schemas"]["Channels"];
            /** @description Where delivery begins. */
            readonly id: components["schemas"]["Cursor"];
            /** @description Whether since was honoured. */
            readonly recovered: boolean;
        };
        readonly Unsubscribed: {
            /** @description All patterns left. */
            readonly channels: components["schemas"]["Channels"];
            /** @description Only when nobody asked. */
            readonly reason?: string;
        };
        readonly Limits: {
            readonly [key: string]: number;
        };
        readonly Welcome: {
            readonly server: string;
            readonly version: string;
            readonly node: components["schemas"]["Name"];
            readonly session: string;
            readonly epoch: string;
            /** @description The newest. */
            readonly id: components["schemas"]["Cursor"];
            /** @description The oldest that can still be resumed from. */
            readonly oldest_id: components["schemas"]["Cursor"];
            readonly authenticated: boolean;
            readonly heartbeat_seconds: number;
            readonly limits: components["schemas"]["Limits"];
        };
        /**
         * @description As docs/protocol.md lists them; REST uses fewer.
         * @enum {unknown}
         */
        readonly SocketErrorCode: "bad_json" | "bad_request" | "unknown_type" | "unauthorized" | "token_expired" | "forbidden" | "invalid_channel" | "too_many_channels" | "rate_limited" | "too_large" | "cursor_expired" | "overloaded" | "shutting_down" | "internal" | "not_found" | "conflict" | "timeout" | "invalid_vector" | "invalid_value" | "recovering" | "readonly" | "no_space" | "cancelled" | "interrupted" | "corrupt";
        readonly ErrorData: {
            readonly code: components["schemas"]["SocketErrorCode"];
            readonly message: string;
            readonly retryable: boolean;
            readonly retry_after_ms?: components["schemas"]["Count"];
        };
        readonly IndexEvent: components["schemas"]["Index"] & {
            /** @description The same as index_id. */
            readonly index: components["schemas"]["Name"];
        };
        readonly IndexUpdated: components["schemas"]["IndexEvent"] & {
            /** @description Members that changed; vectors for writes. */
            readonly changed: readonly string[];
        };
        readonly Place: {
            readonly tier: components["schemas"]["Tier"];
            readonly state: components["schemas"]["ShardState"];
        };
        /** @enum {unknown} */
        readonly Reason: "threshold_reached" | "merge" | "compaction" | "manual" | "node_joined" | "node_left" | "disk_guard" | "memory_guard" | "guard_cleared" | "restart" | "load_failed";
        readonly ShardTransition: {
            readonly index: components["schemas"]["Name"];
            readonly shard: components["schemas"]["Count"];
            readonly node: components["schemas"]["Name"];
            readonly from: components["schemas"]["Place"];
            readonly to: components["schemas"]["Place"];
            readonly reason: components["schemas"]["Reason"];
            readonly vectors: components["schemas"]["Count"];
            readonly duration_ms: components["schemas"]["Count"];
            readonly jobId?: components["schemas"]["Name"];
        };
        readonly "message:auth": {
            /** @constant */
            readonly type: "auth";
            readonly token: string;
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:subscribe": {
            /** @constant */
            readonly type: "subscribe";
            readonly channels: components["schemas"]["Channels"];
            readonly since?: components["schemas"]["Cursor"];
            /**
             * @description Send the state, then go on live; with a since that is recovered nothing is missing, and no state is sent.
             * @default false
             */
            readonly state?: boolean;
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:unsubscribe": {
            /** @constant */
            readonly type: "unsubscribe";
            readonly channels: components["schemas"]["Channels"];
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:ping": {
            /** @constant */
            readonly type: "ping";
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:sync": {
            /** @constant */
            readonly type: "sync";
            readonly channels?: components["schemas"]["Channels"];
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:hello": {
            /** @constant */
            readonly type: "hello";
            /** @description Who the client is, for logs. */
            readonly client?: string;
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:authenticated": {
            /** @constant */
            readonly type: "authenticated";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Authenticated"];
            readonly ref: components["schemas"]["Ref"];
        };
        readonly "message:auth_expiring": {
            /** @constant */
            readonly type: "auth_expiring";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["AuthExpiring"];
        };
        readonly "message:subscribed": {
            /** @constant */
            readonly type: "subscribed";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Subscribed"];
            readonly ref: components["schemas"]["Ref"];
        };
        readonly "message:unsubscribed": {
            /** @constant */
            readonly type: "unsubscribed";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Unsubscribed"];
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:pong": {
            /** @constant */
            readonly type: "pong";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly id?: components["schemas"]["Cursor"];
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:welcome": {
            /** @constant */
            readonly type: "welcome";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Welcome"];
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:state": {
            /** @constant */
            readonly type: "state";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["StateData"];
            readonly id: components["schemas"]["Cursor"];
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:error": {
            /** @constant */
            readonly type: "error";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["ErrorData"];
            readonly ref?: components["schemas"]["Ref"];
        };
        readonly "message:metrics.system": {
            /** @constant */
            readonly type: "metrics.system";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["SystemMetrics"];
        };
        readonly "message:metrics.index": {
            /** @constant */
            readonly type: "metrics.index";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["IndexMetrics"];
        };
        readonly "message:metrics.search": {
            /** @constant */
            readonly type: "metrics.search";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["SearchMetrics"];
        };
        readonly "message:metrics.ingest": {
            /** @constant */
            readonly type: "metrics.ingest";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["IngestMetrics"];
        };
        readonly "message:job.started": {
            /** @constant */
            readonly type: "job.started";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Job"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:job.progress": {
            /** @constant */
            readonly type: "job.progress";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Job"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:job.completed": {
            /** @constant */
            readonly type: "job.completed";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Job"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:job.failed": {
            /** @constant */
            readonly type: "job.failed";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Job"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:index.created": {
            /** @constant */
            readonly type: "index.created";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["IndexEvent"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:index.updated": {
            /** @constant */
            readonly type: "index.updated";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["IndexUpdated"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:index.deleted": {
            /** @constant */
            readonly type: "index.deleted";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["IndexEvent"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:index.shard_transition": {
            /** @constant */
            readonly type: "index.shard_transition";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["ShardTransition"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:alert.warning": {
            /** @constant */
            readonly type: "alert.warning";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Alert"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:alert.error": {
            /** @constant */
            readonly type: "alert.error";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Alert"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:alert.resolved": {
            /** @constant */
            readonly type: "alert.resolved";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Alert"];
            readonly id: components["schemas"]["Cursor"];
        };
        readonly "message:alert.rate_limit": {
            /** @constant */
            readonly type: "alert.rate_limit";
            readonly timestamp: components["schemas"]["Timestamp"];
            readonly data: components["schemas"]["Alert"];
            readonly id: components["schemas"]["Cursor"];
        };
    };
    responses: {
        /**
         * @description A refusal. 400 bad_request, 401 unauthorized, 403 forbidden, 404 not_found, 405 bad_request, 408 timeout,
         *     409 conflict, 413 and 431 too_large, 422 invalid_vector or invalid_value, 429 rate_limited, 500 internal,
         *     503 overloaded, recovering or readonly, 507 no_space.
         */
        readonly Error: {
            headers: {
                /** @description Seconds until a retry helps (429, 503). */
                readonly "Retry-After"?: number;
                /** @description The token's budget a minute. */
                readonly "X-RateLimit-Limit"?: number;
                /** @description What is left of it. */
                readonly "X-RateLimit-Remaining"?: number;
                /** @description Seconds until it is whole again. */
                readonly "X-RateLimit-Reset"?: number;
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
        readonly IndexId: components["schemas"]["Name"];
        /** @description The jobId. */
        readonly JobId: components["schemas"]["Name"];
        /** @description Channel patterns joined by commas, also several times; all the token may see if left out. */
        readonly Channels: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly listIndices: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The indices, by name. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["IndexList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly createIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["NewIndex"];
            };
        };
        readonly responses: {
            /** @description The index. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Index"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The index. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Index"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly deleteIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The index is gone; index.deleted was its last event. */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly changeIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["IndexChange"];
            };
        };
        readonly responses: {
            /** @description The index as it is now. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Index"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listVectors: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before. */
                readonly after?: string;
                /** @description Vectors a page. */
                readonly limit?: number;
            };
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; `next` is null on the last one. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["VectorPage"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly upsertVectors: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["VectorBatch"];
                readonly "application/x-ndjson": string;
            };
        };
        readonly responses: {
            /** @description How many vectors were written. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Upserted"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly deleteVectors: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["VectorSelection"];
            };
        };
        readonly responses: {
            /** @description How many vectors were there and are deleted. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Deleted"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getVector: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
                /** @description The vector's id, percent-encoded. */
                readonly vid: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The vector with its values and metadata. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Vector"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly deleteVector: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
                /** @description The vector's id, percent-encoded. */
                readonly vid: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description 1 if it was there. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Deleted"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly search: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["SearchRequest"];
            };
        };
        readonly responses: {
            /** @description One list of hits a query, nearest first. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SearchAnswer"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly importVectors: {
        readonly parameters: {
            readonly query?: {
                /** @description The job's id; one is made if left out. 409 if it exists. */
                readonly jobId?: components["schemas"]["Name"];
                /** @description Stands before the row numbers that are the ids of NPY, fvecs, bvecs and HDF5 rows. At most 128 bytes of UTF-8, as an id has. */
                readonly id_prefix?: string;
                /** @description Which dataset of an HDF5 file, also within groups (`a/b`). */
                readonly dataset?: string;
            };
            readonly header?: {
                /** @description How the body is compressed; members of gzip and frames of zstd may follow one another. Others are 400. */
                readonly "Content-Encoding"?: "gzip" | "zstd" | "identity";
            };
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/x-ndjson": string;
                readonly "application/x-npy": string;
                readonly "text/csv": string;
                readonly "application/x-fvecs": string;
                readonly "application/x-bvecs": string;
                readonly "application/x-hdf5": string;
                readonly "application/json": components["schemas"]["ImportSource"];
            };
        };
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            /** @description The job that failed for a broken body, or an error if no job was begun. */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"] | components["schemas"]["Error"];
                };
            };
            /** @description No byte of the body came for 30 s; the job that failed, or an error if no job was begun. */
            readonly 408: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"] | components["schemas"]["Error"];
                };
            };
            /** @description The job that failed because the node became read-only, or an error if no job was begun. */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"] | components["schemas"]["Error"];
                };
            };
            /** @description The job that failed because the disk has no room for its rows, or for its file while it is read. */
            readonly 507: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"] | components["schemas"]["Error"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly exportVectors: {
        readonly parameters: {
            readonly query?: {
                /** @description The job's id; one is made if left out. 409 if it exists. */
                readonly jobId?: components["schemas"]["Name"];
            };
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ExportRequest"];
            };
        };
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly trainIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly mergeIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly compactIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly measureRecall: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: {
            readonly content: {
                readonly "application/json": {
                    /** @default 100 */
                    readonly samples?: number;
                    /** @default 10 */
                    readonly k?: number;
                    readonly nprobe?: number;
                    readonly ef?: number;
                };
            };
        };
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly snapshotIndex: {
        readonly parameters: {
            readonly query?: {
                /** @description The job's id; one is made if left out. 409 if it exists. */
                readonly jobId?: components["schemas"]["Name"];
            };
            readonly header?: never;
            readonly path: {
                /** @description The index's name, or an alias of it. Rights are those of the index, and answers name it. */
                readonly id: components["parameters"]["IndexId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly restoreIndex: {
        readonly parameters: {
            readonly query?: {
                /** @description The new index's name; the snapshot's own if left out. 409 if there is one, or an alias. */
                readonly index?: components["schemas"]["Name"];
                /** @description The job's id; one is made if left out. 409 if it exists. */
                readonly jobId?: components["schemas"]["Name"];
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/vnd.mlgraph.snapshot": string;
                readonly "application/json": components["schemas"]["ImportSource"];
            };
        };
        readonly responses: {
            /** @description The job; Location is its address. */
            readonly 202: {
                headers: {
                    /** @description Path of the job. */
                    readonly Location?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            /** @description The job that failed for what the body holds, or an error if no job was begun. */
            readonly 400: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"] | components["schemas"]["Error"];
                };
            };
            /** @description The job that failed because the node became read-only, or an error if no job was begun. */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"] | components["schemas"]["Error"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listAliases: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The aliases, by name. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AliasList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly putAliases: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["AliasChange"] | components["schemas"]["AliasChanges"];
            };
        };
        readonly responses: {
            /** @description All aliases as they are now. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AliasList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly deleteAlias: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The alias. */
                readonly alias: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The alias is gone. */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listJobs: {
        readonly parameters: {
            readonly query?: {
                /** @description Only jobs of this index. */
                readonly index?: components["schemas"]["Name"];
                /** @description Only jobs in this state. */
                readonly state?: components["schemas"]["JobState"];
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The jobs. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["JobList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getJob: {
        readonly parameters: {
            readonly query?: {
                /** @description `completed`: answer when the job has ended, one way or the other, or the time is over. */
                readonly wait_for?: "completed";
                /** @description The longest wait in seconds, also a part of one. */
                readonly timeout_s?: number;
            };
            readonly header?: never;
            readonly path: {
                /** @description The jobId. */
                readonly id: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The job. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getJobResult: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The jobId. */
                readonly id: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The file; Content-Disposition names it by job and format. */
            readonly 200: {
                headers: {
                    /** @description `attachment` and the file's name. */
                    readonly "Content-Disposition"?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": string;
                    readonly "application/x-npy": string;
                    readonly "application/gzip": string;
                    readonly "application/zstd": string;
                    readonly "application/vnd.mlgraph.snapshot": string;
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly cancelJob: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The jobId. */
                readonly id: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The job. */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Job"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listAlerts: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The alerts that the token is told of, or that name an index it may read (docs/protocol.md, Scopes). */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AlertList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly acknowledgeAlert: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The alertId. */
                readonly id: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The alert. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Alert"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listAlertRules: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The rules. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AlertRuleList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly putAlertRule: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The rule's name. */
                readonly rule: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["AlertRuleChange"];
            };
        };
        readonly responses: {
            /** @description The rule. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AlertRule"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listTokens: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The tokens. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["TokenList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly createToken: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["TokenRequest"];
            };
        };
        readonly responses: {
            /** @description The token with its secret, which is never shown again. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["NewToken"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly revokeToken: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The token's name. */
                readonly name: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The token is revoked. */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly changeToken: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The token's name. */
                readonly name: components["schemas"]["Name"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["TokenChange"];
            };
        };
        readonly responses: {
            /** @description The token. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Token"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly createSignInCode: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The code, which is never shown again. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SignInCode"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly signIn: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["SignInRequest"];
            };
        };
        readonly responses: {
            /** @description The token, which is never shown again. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SignedIn"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listSessions: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The sessions. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SessionList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getCluster: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The nodes and what they hold. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Cluster"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getState: {
        readonly parameters: {
            readonly query?: {
                /** @description Channel patterns joined by commas, also several times; all the token may see if left out. */
                readonly channels?: components["parameters"]["Channels"];
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The state the token may see; events after `id` continue it. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["State"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly streamEvents: {
        readonly parameters: {
            readonly query?: {
                /** @description Channel patterns joined by commas, also several times; all the token may see if left out. */
                readonly channels?: components["parameters"]["Channels"];
                /** @description A cursor; events after it come first. `Last-Event-ID` wins over it. */
                readonly since?: components["schemas"]["Cursor"];
            };
            readonly header?: {
                /** @description As EventSource sends it when it reconnects. */
                readonly "Last-Event-ID"?: components["schemas"]["Cursor"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The stream; it does not end by itself. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/event-stream": string;
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getSystemMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The newest samples, one a node. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SystemMetricsList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getIndexMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The newest samples. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["IndexMetricsList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getSearchMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The newest samples. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SearchMetricsList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getIngestMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The newest samples. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["IngestMetricsList"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly dashboard: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Its page; a server that was built without it says so. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/html": string;
                };
            };
            /** @description It is as `If-None-Match` knows it. */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly dashboardAsset: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description As the page names it; names carry a hash of the content. */
                readonly file: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The file; it may be kept for ever. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/javascript": string;
                    readonly "text/css": string;
                    readonly "image/svg+xml": string;
                };
            };
            /** @description It is as `If-None-Match` knows it. */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly live: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It does. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly ready: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Ready. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Starting or stopping. */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Health"] | components["schemas"]["Error"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly prometheus: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Prometheus text exposition. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/plain": string;
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly openapi: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description OpenAPI 3.1. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/yaml": string;
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly asyncapi: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description AsyncAPI 3.0. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/yaml": string;
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
}
