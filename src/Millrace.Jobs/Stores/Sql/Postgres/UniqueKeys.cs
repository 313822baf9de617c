namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>How operations give unique keys back.</summary>
/// <remarks>A key is taken with a row of its own, which no other transaction can insert before this one has ended. Who ends or starts a job holds its row
/// first, and then gives its key back; who enqueues takes keys in their order. So nobody waits in a circle.</remarks>
internal static class UniqueKeys
{
    /// <summary>A table expression that frees the keys of <c>leaving (queue, unique_key, id)</c>, but for those that are held for a time, or by another job by now.</summary>
    public const string Free = """
        freed AS (
          DELETE FROM millrace.unique_key
          WHERE ctid = ANY (ARRAY(
            SELECT k.place FROM leaving l
            CROSS JOIN LATERAL (
              SELECT u.ctid AS place FROM millrace.unique_key u WHERE u.queue = l.queue AND u.key = l.unique_key AND u.job = l.id AND u.ends_at IS NULL
              LIMIT 1) k)))
        """;
}
