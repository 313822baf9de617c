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
        var count = reader.ReadAggregateHeader();
        var (now, token) = (reader.ReadInt64(), reader.ReadInt64());
        var answers = new long[reader.ReadAggregateHeader()];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = reader.ReadInt64();
        }

        var jobs = new Claimed[(count - 4) / 2];
        for (var others = reader.ReadAggregateHeader() / 2; others > 0; others--)
        {
            var position = reader.ReadInt64();
            jobs[position - 1].Extra = reader.ReadString();
        }

        for (var i = 0; i < jobs.Length; i++)
        {
            jobs[i].Id = reader.ReadString()!;
            jobs[i].Body = reader.ReadBytes()!;
        }

        return new ClaimReply { Now = now, Token = token, Answers = answers, Jobs = jobs };
    }

    /// <summary>One claimed job.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal record struct Claimed(string Id, byte[] Body, string? Extra);
}
