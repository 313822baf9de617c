using System.Runtime.InteropServices;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>What claim.lua returned, not decoded yet: that is done on the caller's thread.</summary>
internal sealed class ClaimReply
{
    public long Now { get; private init; }

    public long Token { get; private init; }

    public long[] Answers { get; private init; } = [];

    public Claimed[] Jobs { get; private init; } = [];

    public static ClaimReply Read(ref RespReader reader)
    {
        reader.ReadAggregateHeader();
        var (now, token) = (reader.ReadInt64(), reader.ReadInt64());
        var answers = new long[reader.ReadAggregateHeader()];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = reader.ReadInt64();
        }

        var others = new (long Position, string Extra)[reader.ReadAggregateHeader() / 2];
        for (var i = 0; i < others.Length; i++)
        {
            others[i] = (reader.ReadInt64(), reader.ReadString()!);
        }

        var jobs = new Claimed[reader.ReadAggregateHeader()];
        for (var i = 0; i < jobs.Length; i++)
        {
            jobs[i].Id = reader.ReadString()!;
        }

        reader.ReadAggregateHeader();
        for (var i = 0; i < jobs.Length; i++)
        {
            jobs[i].Body = reader.ReadBytes()!;
        }

        foreach (var (position, extra) in others)
        {
            jobs[position - 1].Extra = extra;
        }

        return new ClaimReply { Now = now, Token = token, Answers = answers, Jobs = jobs };
    }

    /// <summary>One claimed job.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal record struct Claimed(string Id, byte[] Body, string? Extra);
}
