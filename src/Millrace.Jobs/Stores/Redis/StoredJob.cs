using System.Buffers.Text;
using System.Text;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>A job as a script returned it (see Scripts/_read.lua), with its place in the order of enqueue of its queue.</summary>
internal sealed record StoredJob(JobRecord Record, long Sequence)
{
    private const int Parts = 6;

    /// <summary>Reads the jobs of a reply.</summary>
    public static List<StoredJob> ReadAll(string queue, RedisReply reply)
    {
        var jobs = new List<StoredJob>(reply.Count / Parts);
        for (var i = 0; i + Parts <= reply.Count; i += Parts)
        {
            jobs.Add(Read(queue, reply[i].AsString()!, reply[i + 1].AsBytes()!, (JobState)reply[i + 2].AsInt64(), reply[i + 3].AsInt64(), reply[i + 4].AsBytes()!, reply[i + 5].AsBytes()!));
        }

        return jobs;
    }

    private static StoredJob Read(string queue, string id, byte[] bytes, JobState state, long due, byte[] run, byte[] history)
    {
        var body = JobBody.Read(bytes);
        var record = new JobRecord
        {
            Id = id,
            Queue = queue,
            Type = body.Type,
            State = state,
            Payload = body.Payload,
            Priority = body.Priority,
            MaxAttempts = body.MaxAttempts,
            Timeout = body.Timeout,
            Tags = body.Tags,
            Metadata = body.Metadata,
            Schedule = body.Schedule,
            UniqueKey = body.UniqueKey,
            Group = body.Group,
            CreatedAt = body.CreatedAt,
            DueAt = Time(due),
        };
        if (history.Length > 0)
        {
            record = WithHistory(record, new Fields(history, 11));
        }

        return new StoredJob(run.Length > 0 ? WithRun(record, new Fields(run, 11)) : record, body.Sequence);
    }

    private static JobRecord WithHistory(JobRecord record, Fields past)
    {
        var (error, result, message) = (past.Text(past[8]), past.Text(past[9]), past.Text(past[10]));
        return record with
        {
            Attempt = (int)past[1],
            Priority = JobLimits.MaximumPriority - (int)past[2],
            StartedAt = TimeOrNull(past[4]),
            FinishedAt = TimeOrNull(past[5]),
            ProgressPercent = (int)past[6],
            Error = error is null ? null : Encoding.UTF8.GetString(error.Value.Span),
            Result = result,
            ProgressMessage = message is null ? null : Encoding.UTF8.GetString(message.Value.Span),
        };
    }

    private static JobRecord WithRun(JobRecord record, Fields run)
    {
        var first = run[2] == 0; // claimed from the line: what the body says holds
        var message = run.Text(run[10]);
        return record with
        {
            Attempt = first ? 1 : (int)run[2],
            Priority = first ? record.Priority : JobLimits.MaximumPriority - (int)run[3],
            DueAt = first ? record.CreatedAt : Time(run[4]),
            StartedAt = Time(run[7]),
            FinishedAt = null,
            WorkerId = Encoding.UTF8.GetString(run.Rest().Span),
            CancelRequested = run[8] == 1,
            ProgressPercent = (int)run[9],
            ProgressMessage = message is null ? null : Encoding.UTF8.GetString(message.Value.Span),
        };
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static DateTimeOffset? TimeOrNull(long milliseconds) => milliseconds < 0 ? null : Time(milliseconds);

    /// <summary>Numbers with commas between them, a semicolon, then texts of lengths that the numbers tell.</summary>
    private sealed class Fields
    {
        private readonly ReadOnlyMemory<byte> _text;
        private readonly long[] _numbers;
        private int _at;

        public Fields(byte[] text, int count)
        {
            _text = text;
            _numbers = new long[count];
            for (var i = 0; i < count; i++)
            {
                if (!Utf8Parser.TryParse(text.AsSpan(_at), out _numbers[i], out var used) || _at + used >= text.Length)
                {
                    throw new InvalidDataException("The job store holds a job whose state is not valid: something else wrote to its keys. Remove it with its id.");
                }

                _at += used + 1;
            }
        }

        public long this[int index] => _numbers[index];

        /// <summary>The next text of so many bytes; null when the length is below zero.</summary>
        public ReadOnlyMemory<byte>? Text(long length)
        {
            if (length < 0)
            {
                return null;
            }

            _at += (int)length;
            return _text[(_at - (int)length).._at];
        }

        public ReadOnlyMemory<byte> Rest() => _text[_at..];
    }
}
