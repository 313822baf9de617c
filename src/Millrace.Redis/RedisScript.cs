using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// A Lua script that servers run as one step. It is sent by its hash, and in full where a server does not have it: nothing has to be loaded
/// before, and a server that was restarted or flushed gets it again. Make one for each script and keep it. Immutable, safe for concurrent use.
/// </summary>
public sealed class RedisScript
{
    private const int MaximumSourceBytes = 1024 * 1024;
    private const int MaximumKeys = 1024;

    private static readonly CommandName Eval = CommandName.Write("EVAL");
    private static readonly CommandName EvalReadOnly = CommandName.Read("EVAL_RO");
    private static readonly CommandName EvalHash = CommandName.Write("EVALSHA");
    private static readonly CommandName EvalHashReadOnly = CommandName.Read("EVALSHA_RO");

    private readonly byte[] _source; // as RESP

    /// <summary>Makes a script of its text.</summary>
    /// <param name="source">The Lua text, at most 1 MiB as UTF-8.</param>
    /// <param name="keyCount">How many keys it takes, from 0 to 1,024; what it gets is checked against it at each run.</param>
    /// <param name="isReadOnly">Whether it only reads: it is run by <c>EVALSHA_RO</c>, which Redis has since 7.0, may be repeated after a lost
    /// connection and run on a replica, as the options say. The server refuses its writes.</param>
    /// <exception cref="ArgumentException">The text is empty or too long.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="keyCount"/> is out of its range.</exception>
    [SuppressMessage("Security", "CA5350", Justification = "The name that the server gives a script; nothing secret rests on it.")]
    public RedisScript(string source, int keyCount, bool isReadOnly = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        ArgumentOutOfRangeException.ThrowIfNegative(keyCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyCount, MaximumKeys);
        var bytes = Encoding.UTF8.GetBytes(source);
        if (bytes.Length > MaximumSourceBytes)
        {
            throw new ArgumentException($"The script has {bytes.Length} bytes; it may have {MaximumSourceBytes}.", nameof(source));
        }

        Source = source;
        KeyCount = keyCount;
        IsReadOnly = isReadOnly;
        Hash = Convert.ToHexStringLower(SHA1.HashData(bytes));
        HashBytes = Encoding.ASCII.GetBytes(Hash);
        _source = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${bytes.Length}\r\n")), .. bytes, .. "\r\n"u8];
    }

    /// <summary>The Lua text.</summary>
    public string Source { get; }

    /// <summary>How many keys it takes.</summary>
    public int KeyCount { get; }

    /// <summary>Whether it only reads.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Its name on servers: the SHA-1 of the text, 40 digits in lower case. Computed here, not asked for.</summary>
    public string Hash { get; }

    /// <summary>The hash as an argument.</summary>
    internal byte[] HashBytes { get; }

    /// <summary>The command that runs it by its hash.</summary>
    internal CommandName Name => IsReadOnly ? EvalHashReadOnly : EvalHash;

    /// <summary>Reads a script from a file that is embedded in an assembly, UTF-8.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="name">The resource's name, or its end behind a dot where only one resource ends so: <c>Claim.lua</c>.</param>
    /// <param name="keyCount">How many keys it takes, from 0 to 1,024.</param>
    /// <param name="isReadOnly">Whether it only reads.</param>
    /// <exception cref="ArgumentException">The assembly has no such resource, or several; the message lists what it has.</exception>
    public static RedisScript FromResource(Assembly assembly, string name, int keyCount, bool isReadOnly = false)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var names = assembly.GetManifestResourceNames();
        var found = Array.FindAll(names, other => other == name) is [var exact]
            ? [exact]
            : Array.FindAll(names, other => other.EndsWith("." + name, StringComparison.Ordinal));
        if (found is not [var resource])
        {
            throw new ArgumentException(
                $"{assembly.GetName().Name} has {found.Length} resources of the name {name}. It has: {string.Join(", ", names)}. "
                + "Embed the file with <EmbeddedResource Include=\"…\" /> and give as much of its name as tells it apart.",
                nameof(name));
        }

        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        return new RedisScript(reader.ReadToEnd(), keyCount, isReadOnly);
    }

    /// <summary>The hash and the number of keys.</summary>
    public override string ToString() => $"{Hash}, {KeyCount} keys";

    /// <summary>Makes a run by the hash one with the text. Only while no connection has it in its order.</summary>
    internal void WriteSource(RedisOperation operation)
    {
        operation.Script = null; // a server that has just got the text has it
        operation.ReplaceHead(IsReadOnly ? EvalReadOnly : Eval, _source, "$40\r\n"u8.Length + HashBytes.Length + "\r\n"u8.Length);
    }

    /// <summary>Sends a run again, with the text, that a server refused because it does not have it. Called by the connection's reader.</summary>
    /// <returns>Whether that was its error.</returns>
    internal bool TryResend(RedisOperation operation, in ReadOnlySequence<byte> error, RespConnection connection)
    {
        Span<byte> start = stackalloc byte[10];
        if (error.Length < start.Length)
        {
            return false;
        }

        error.Slice(0, start.Length).CopyTo(start);
        if (!start.SequenceEqual("-NOSCRIPT "u8))
        {
            return false;
        }

        WriteSource(operation);
        connection.Resend(operation);
        return true;
    }
}
