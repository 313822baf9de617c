using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Millrace.TestKit.Redis;

/// <summary>
/// A connection of the tests' own to a server, foreign to the client under test: RESP2, one command and its reply at a time.
/// Not for concurrent use.
/// </summary>
public sealed class RedisControl : IAsyncDisposable
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(10);
    private readonly Stream _stream;
    private readonly TimeSpan _limit;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    private RedisControl(Stream stream, TimeSpan limit)
    {
        _stream = stream;
        _limit = limit;
    }

    /// <summary>Connects to a port of 127.0.0.1 and signs in.</summary>
    /// <param name="port">Where.</param>
    /// <param name="user">Null signs in as the default user.</param>
    /// <param name="password">Null does not sign in.</param>
    /// <param name="certificates">Not null: over TLS, with the client's certificate of these.</param>
    /// <param name="limit">The longest a connect or a command may take; null is 10 s.</param>
    public static async Task<RedisControl> ConnectAsync(
        int port, string? user = null, string? password = null, TlsCertificates? certificates = null, TimeSpan? limit = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(limit ?? DefaultLimit);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (certificates is not null)
            {
                stream = await SecureAsync(stream, certificates).WaitAsync(limit ?? DefaultLimit);
            }

            var control = new RedisControl(stream, limit ?? DefaultLimit);
            if (password is not null)
            {
                await control.SendAsync(user is null ? ["AUTH", password] : ["AUTH", user, password]);
            }

            return control;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends one command and reads its reply; arguments travel as UTF-8.</summary>
    /// <exception cref="RedisControlException">The server replied with an error.</exception>
    /// <exception cref="TimeoutException">It did not reply in time; the connection is of no use any more.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public Task<RedisReply> SendAsync(params string[] arguments) => SendAsync([.. arguments.Select(Encoding.UTF8.GetBytes)]);

    /// <inheritdoc cref="SendAsync(string[])" />
    public async Task<RedisReply> SendAsync(IReadOnlyList<byte[]> arguments)
    {
        using var request = new MemoryStream();
        request.Write(Encoding.ASCII.GetBytes($"*{arguments.Count}\r\n"));
        foreach (var argument in arguments)
        {
            request.Write(Encoding.ASCII.GetBytes($"${argument.Length}\r\n"));
            request.Write(argument);
            request.Write("\r\n"u8);
        }

        using var limit = new CancellationTokenSource(_limit);
        try
        {
            await _stream.WriteAsync(request.ToArray(), limit.Token);
            return await ReadAsync(limit.Token);
        }
        catch (OperationCanceledException cancelled)
        {
            throw new TimeoutException($"No reply to {Encoding.UTF8.GetString(arguments[0])} within {_limit.TotalSeconds} s.", cancelled);
        }
    }

    /// <summary>Reads what the server sends unasked, such as a message of a subscription.</summary>
    /// <inheritdoc cref="SendAsync(string[])" />
    public async Task<RedisReply> ReadAsync()
    {
        using var limit = new CancellationTokenSource(_limit);
        try
        {
            return await ReadAsync(limit.Token);
        }
        catch (OperationCanceledException cancelled)
        {
            throw new TimeoutException($"The server sent nothing within {_limit.TotalSeconds} s.", cancelled);
        }
    }

    /// <summary>Closes the connection.</summary>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static async Task<Stream> SecureAsync(Stream stream, TlsCertificates certificates)
    {
        var secure = new SslStream(stream);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = [certificates.Client],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { certificates.Authority },
                RevocationMode = X509RevocationMode.NoCheck,
                VerificationFlags = X509VerificationFlags.IgnoreInvalidName, // a test may have made it for another host
            },
            RemoteCertificateValidationCallback = static (_, _, _, errors) =>
                (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
        });
        return secure;
    }

    private async Task<RedisReply> ReadAsync(CancellationToken cancellationToken)
    {
        var line = await ReadLineAsync(cancellationToken);
        var rest = line[1..];
        switch (line[0])
        {
            case '+' or ':':
                return new RedisReply(Encoding.UTF8.GetBytes(rest));
            case '-':
                throw new RedisControlException(rest);
            case '$' when Number(rest) is >= 0 and var length:
                var bytes = await ReadBytesAsync(length + 2, cancellationToken);
                return new RedisReply(bytes[..length]);
            case '*' when Number(rest) is >= 0 and var count:
                var items = new List<RedisReply>(count);
                for (var i = 0; i < count; i++)
                {
                    items.Add(await ReadAsync(cancellationToken));
                }

                return new RedisReply(items);
            case '$' or '*':
                return new RedisReply(bytes: null);
            default:
                throw new InvalidDataException($"Not a RESP2 reply: {line}");
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            var take = end < 0 ? _end - _start : end + 1;
            line.Append(Encoding.UTF8.GetString(_buffer, _start, take));
            _start += take;
            if (end >= 0)
            {
                return line.ToString(0, line.Length - 2);
            }

            await FillAsync(cancellationToken);
        }
    }

    private async Task<byte[]> ReadBytesAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            if (_start == _end)
            {
                await FillAsync(cancellationToken);
            }

            var take = Math.Min(count - done, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(done));
            _start += take;
            done += take;
        }

        return bytes;
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await _stream.ReadAsync(_buffer, cancellationToken);
        if (_end == 0)
        {
            throw new EndOfStreamException("The server closed the connection.");
        }
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
