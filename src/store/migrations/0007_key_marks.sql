-- A word sealed with the site's key: processes that share a database must share the key, and notice here when they do not.
CREATE TABLE key_marks (
    name TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL
);
