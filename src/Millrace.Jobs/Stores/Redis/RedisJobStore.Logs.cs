using System.Globalization;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>What jobs have logged.</summary>
internal sealed partial class RedisJobStore
{
    public override async ValueTask<bool> AppendLogAsync(JobRun run, string text, CancellationToken cancellationToken = default) =>
        (await RunAsync(JobScripts.AppendLog, run.Queue, [Now(), run.Id, run.Token, text, JobLimits.MaximumLogLines], cancellationToken).ConfigureAwait(false)).AsInt64() == 1;

    public override async ValueTask<IReadOnlyList<JobLogLine>> GetLogAsync(string id, CancellationToken cancellationToken = default)
    {
        var lines = new List<JobLogLine>();
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            queue => RunAsync(JobScripts.GetLog, queue, [Now(), id, JobLimits.MaximumLogLines], cancellationToken),
            reply => lines.AddRange(reply.Items.Select(static line => ReadLine(line.AsString()!)))).ConfigureAwait(false);
        return lines;
    }

    private static JobLogLine ReadLine(string line)
    {
        var comma = line.IndexOf(',', StringComparison.Ordinal);
        return long.TryParse(line.AsSpan(0, Math.Max(comma, 0)), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new JobLogLine(DateTimeOffset.FromUnixTimeMilliseconds(at), line[(comma + 1)..])
            : throw new InvalidDataException("The job store holds a log line that is not valid: something else wrote to its keys. Remove it with its job's id.");
    }
}
