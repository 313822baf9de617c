using System.Globalization;
using System.Text.Json;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Workers as scripts keep them: when the queue first heard of one and its lease, both in ms, then who it is as JSON.</summary>
internal static class WorkerText
{
    private const int Parts = 4;

    public static string Write(WorkerIdentity worker) => JsonSerializer.Serialize(worker, RedisJson.Default.WorkerIdentity);

    /// <summary>Reads what get_workers.lua returned; a worker that cannot be read is left out, it is not one of ours.</summary>
    public static IEnumerable<WorkerRecord> ReadAll(RedisReply reply)
    {
        for (var i = 0; i + Parts <= reply.Count; i += Parts)
        {
            if (Read(reply[i + 1].AsDouble(), reply[i + 2].AsString()!, (int)reply[i + 3].AsInt64()) is { } worker)
            {
                yield return worker;
            }
        }
    }

    /// <summary>One worker as two queues know it.</summary>
    public static WorkerRecord Merge(WorkerRecord a, WorkerRecord b) => a with
    {
        StartedAt = a.StartedAt < b.StartedAt ? a.StartedAt : b.StartedAt,
        SeenAt = a.SeenAt > b.SeenAt ? a.SeenAt : b.SeenAt,
        LeaseUntil = a.LeaseUntil > b.LeaseUntil ? a.LeaseUntil : b.LeaseUntil,
        Running = a.Running + b.Running,
    };

    private static WorkerRecord? Read(double until, string text, int running)
    {
        if (text.Split(',', 3) is not [var started, var lease, var json]
            || !long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out var since)
            || !long.TryParse(lease, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(json, RedisJson.Default.WorkerIdentity) is { Id: not null } identity
                ? new WorkerRecord(identity, Time(since), Time((long)until - length), Time((long)until), running)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
