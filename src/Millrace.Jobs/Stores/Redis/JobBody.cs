using System.Buffers;
using System.Collections.ObjectModel;
using System.Text;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>What never changes of a job, as it stands in the hash of jobs.</summary>
/// <remarks>
/// <code>
/// 0   8  seq, a double: the order of enqueue in the queue   (written by the script)
/// 8   8  created, a double: ms since 1970                   (written by the script)
/// 16  2  1000 - priority
/// 18  2  most attempts
/// 20  1  flags: 1 has tags, 2 has a unique key, 4 waits for others, or did, 8 has a group
/// 21  1  number of tags; each: 2 bytes length, UTF-8
///        with a unique key: a letter (E until ended, S until started, T for a time), 2 bytes length, UTF-8
///        with a group: 2 bytes length, UTF-8
/// …   2  length of what follows up to the timeout
/// …   1  version: 1
/// …      type, schedule (empty: none): length, UTF-8 each
/// …      timeout in ticks plus one, 0: none
/// …      number of metadata entries; each: name, value: length, UTF-8 each
/// …      payload, to the end
/// </code>
/// Numbers of fixed size are big-endian; lengths and numbers without a size have seven bits a byte, the lowest first.
/// </remarks>
internal sealed class JobBody
{
    /// <summary>Bytes that the script puts in front.</summary>
    public const int ServerBytes = 16;

    private const byte Version = 1;
    private const byte HasTags = 1;
    private const byte HasUniqueKey = 2;
    private const byte HasPrerequisites = 4;
    private const byte HasGroup = 8;

    public required long Sequence { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required int Priority { get; init; }

    public required int MaxAttempts { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string? UniqueKey { get; init; }

    public required string? Group { get; init; }

    public required string Type { get; init; }

    public required string? Schedule { get; init; }

    public required TimeSpan? Timeout { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>What the script is given of a new job.</summary>
    public static byte[] Write(NewJob job)
    {
        var size = 6 + 2 + 1 + (job.Group is null ? 0 : 2 + Encoding.UTF8.GetByteCount(job.Group)) + (job.Unique is null ? 0 : 3 + Encoding.UTF8.GetByteCount(job.Unique.Key)) + (job.Tags.Count == 0 ? 0 : job.Tags.Sum(static tag => 2 + Encoding.UTF8.GetByteCount(tag)))
            + TextSize(job.Type) + TextSize(job.Schedule ?? string.Empty) + 10
            + 5 + (job.Metadata.Count == 0 ? 0 : job.Metadata.Sum(static entry => TextSize(entry.Key) + TextSize(entry.Value))) + job.Payload.Length;
        var scratch = ArrayPool<byte>.Shared.Rent(size);
        var body = Write(job, new BodyWriter(scratch));
        ArrayPool<byte>.Shared.Return(scratch);
        return body;
    }

    private static byte[] Write(NewJob job, BodyWriter writer)
    {
        writer.UInt16((ushort)(JobLimits.MaximumPriority - job.Priority));
        writer.UInt16((ushort)job.MaxAttempts);
        writer.Byte((byte)((job.Tags.Count > 0 ? HasTags : 0) | (job.Unique is null ? 0 : HasUniqueKey) | (job.After.Count == 0 ? 0 : HasPrerequisites) | (job.Group is null ? 0 : HasGroup)));
        writer.Byte((byte)job.Tags.Count);
        foreach (var tag in job.Tags)
        {
            writer.UInt16((ushort)Encoding.UTF8.GetByteCount(tag));
            writer.Raw(tag);
        }

        if (job.Unique is { } unique)
        {
            writer.Byte((byte)Letter(unique.Until));
            writer.UInt16((ushort)Encoding.UTF8.GetByteCount(unique.Key));
            writer.Raw(unique.Key);
        }

        if (job.Group is not null)
        {
            writer.UInt16((ushort)Encoding.UTF8.GetByteCount(job.Group));
            writer.Raw(job.Group);
        }

        var lengthAt = writer.Length;
        writer.UInt16(0);
        writer.Byte(Version);
        writer.Text(job.Type);
        writer.Text(job.Schedule ?? string.Empty);
        writer.Number(job.Timeout is { } timeout ? (ulong)timeout.Ticks + 1 : 0);
        writer.UInt16At(lengthAt, (ushort)(writer.Length - lengthAt - sizeof(ushort)));
        writer.Number((ulong)job.Metadata.Count);
        if (job.Metadata.Count > 0)
        {
            foreach (var (name, value) in job.Metadata)
            {
                writer.Text(name);
                writer.Text(value);
            }
        }

        writer.Raw(job.Payload.Span);
        return writer.ToArray();
    }

    /// <summary>How scripts call the way in which a unique key is held.</summary>
    public static char Letter(UniqueUntil until) => until switch
    {
        UniqueUntil.Ended => 'E',
        UniqueUntil.Started => 'S',
        _ => 'T',
    };

    /// <summary>Reads what stands in the hash.</summary>
    /// <exception cref="InvalidDataException">It is not a job of a version that this program knows.</exception>
    public static JobBody Read(ReadOnlyMemory<byte> bytes)
    {
        var reader = new BodyReader(bytes);
        var (sequence, created) = (reader.Double(), reader.Double());
        var (inverted, attempts) = (reader.UInt16(), reader.UInt16());
        var flags = reader.Byte();
        var tags = reader.Byte() is > 0 and var count ? new string[count] : [];
        for (var i = 0; i < tags.Length; i++)
        {
            tags[i] = reader.Raw(reader.UInt16());
        }

        string? key = null;
        if ((flags & HasUniqueKey) != 0)
        {
            reader.Byte();
            key = reader.Raw(reader.UInt16());
        }

        var group = (flags & HasGroup) != 0 ? reader.Raw(reader.UInt16()) : null;
        reader.UInt16();
        var version = reader.Byte();
        if (version != Version)
        {
            throw new InvalidDataException($"The job was written in version {version}; this program knows version {Version}. A newer Millrace has written it: update this program.");
        }

        var (type, schedule, timeout) = (reader.Text(JobLimits.MaximumNameLength), reader.Text(JobLimits.MaximumNameLength), reader.Number());
        return new JobBody
        {
            Sequence = (long)sequence,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds((long)created),
            Priority = JobLimits.MaximumPriority - inverted,
            MaxAttempts = attempts,
            Tags = tags,
            UniqueKey = key,
            Group = group,
            Type = type,
            Schedule = schedule.Length == 0 ? null : schedule,
            Timeout = timeout == 0 ? null : TimeSpan.FromTicks((long)(timeout - 1)),
            Metadata = ReadMetadata(ref reader),
            Payload = reader.Rest(),
        };
    }

    private static IReadOnlyDictionary<string, string> ReadMetadata(ref BodyReader reader)
    {
        var count = reader.Number();
        if (count == 0)
        {
            return ReadOnlyDictionary<string, string>.Empty;
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0UL; i < Math.Min(count, JobLimits.MaximumMetadata); i++)
        {
            metadata[reader.Text(JobLimits.MaximumMetadataNameLength)] = reader.Text(JobLimits.MaximumMetadataValueLength);
        }

        return metadata;
    }

    private static int TextSize(string text) => 5 + Encoding.UTF8.GetByteCount(text);
}
