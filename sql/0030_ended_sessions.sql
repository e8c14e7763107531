-- A session ends by itself and means nothing afterwards: upkeep deletes what ended more than a day ago (src/processes/sweep-sessions.ts).

grant delete on auth.sessions to stepladder_app;
