using System.Globalization;
using System.Text;

namespace Millrace.TestKit.Redis;

/// <summary>
/// What a <see cref="FakeRedis" /> does for one command: waits, writes bytes (well formed or not), closes.
/// Strings stand for bytes, one character a byte (Latin-1).
/// </summary>
public sealed record FakeReply
{
    private FakeReply(byte[] bytes) => Bytes = bytes;

    /// <summary>Writes nothing and goes on with the next command, as no sane server does.</summary>
    public static FakeReply Nothing { get; } = new([]);

    /// <summary>Closes the connection instead of replying.</summary>
    public static FakeReply Close { get; } = new([]) { Closes = true };

    /// <summary>Never replies: this connection stalls until it is closed. For a stall that ends, see <see cref="After" />.</summary>
    public static FakeReply Stall { get; } = new([]) { Gate = new TaskCompletionSource().Task };

    /// <summary>A string that claims ten thousand million bytes.</summary>
    public static FakeReply HugeLength { get; } = Raw("$9999999999\r\n");

    /// <summary>A list that claims two thousand million elements.</summary>
    public static FakeReply HugeCount { get; } = Raw("*2147483647\r\n");

    /// <summary>A streamed string, which RESP3 defines and no server sends.</summary>
    public static FakeReply StreamedString { get; } = Raw("$?\r\n;4\r\nabcd\r\n;0\r\n");

    /// <summary>A streamed list, which RESP3 defines and no server sends.</summary>
    public static FakeReply StreamedArray { get; } = Raw("*?\r\n:1\r\n.\r\n");

    /// <summary>Bytes that are no reply.</summary>
    public static FakeReply Garbage { get; } = Raw("\0\u00ff@garbage\r\n");

    /// <summary>The error of a server that still reads its data from disk.</summary>
    public static FakeReply Loading { get; } = Error("LOADING Redis is loading the dataset in memory");

    /// <summary>Null as RESP2 writes it.</summary>
    public static FakeReply Null2 { get; } = Raw("$-1\r\n");

    /// <summary>Null as RESP3 writes it.</summary>
    public static FakeReply Null3 { get; } = Raw("_\r\n");

    /// <summary>The reply +OK.</summary>
    public static FakeReply Ok { get; } = Simple("OK");

    /// <summary>What is written.</summary>
    public byte[] Bytes { get; private init; }

    /// <summary>Whether the connection is closed afterwards.</summary>
    public bool Closes { get; private init; }

    /// <summary>Nothing is written before it completes; commands that follow are received and wait too.</summary>
    public Task Gate { get; private init; } = Task.CompletedTask;

    /// <summary>Exactly these bytes, such as a push before a reply.</summary>
    public static FakeReply Raw(string bytes) => new(Encoding.Latin1.GetBytes(bytes));

    /// <inheritdoc cref="Raw(string)" />
    public static FakeReply Raw(byte[] bytes) => new(bytes);

    /// <summary>A simple string.</summary>
    public static FakeReply Simple(string text) => Raw($"+{text}\r\n");

    /// <summary>An error; its first word is its code.</summary>
    public static FakeReply Error(string text) => Raw($"-{text}\r\n");

    /// <summary>The error that sends a client to another node of a cluster.</summary>
    public static FakeReply Moved(int slot, string address) => Error($"MOVED {slot} {address}");

    /// <summary>The error that sends a client to another node for one command.</summary>
    public static FakeReply Ask(int slot, string address) => Error($"ASK {slot} {address}");

    /// <summary>A bulk string.</summary>
    public static FakeReply Bulk(string bytes) => Raw($"${bytes.Length}\r\n{bytes}\r\n");

    /// <summary>A number.</summary>
    public static FakeReply Number(long number) => Raw(string.Create(CultureInfo.InvariantCulture, $":{number}\r\n"));

    /// <summary>A list.</summary>
    public static FakeReply Array(params FakeReply[] items) => Aggregate('*', items);

    /// <summary>A push, RESP3 only.</summary>
    public static FakeReply Push(params FakeReply[] items) => Aggregate('>', items);

    /// <summary>The same once <paramref name="gate" /> completes.</summary>
    public FakeReply After(Task gate) => this with { Gate = gate };

    /// <summary>The same, with another one's bytes behind it in the same write.</summary>
    public FakeReply Then(FakeReply next) => this with { Bytes = [.. Bytes, .. next.Bytes], Closes = next.Closes };

    /// <summary>The first <paramref name="count" /> bytes only, then the connection closes.</summary>
    public FakeReply CutAt(int count) => this with { Bytes = Bytes[..count], Closes = true };

    /// <summary>The same, then the connection closes.</summary>
    public FakeReply ThenClose() => this with { Closes = true };

    private static FakeReply Aggregate(char type, FakeReply[] items) =>
        Raw([.. Encoding.ASCII.GetBytes($"{type}{items.Length}\r\n"), .. items.SelectMany(static item => item.Bytes)]);
}
