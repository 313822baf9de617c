using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using Township.Modules.Notifications.Email;

namespace Township.Tests.Notifications;

[Trait("req", "T-11")]
public sealed class EmailTests
{
    private static readonly EmailMessage Message = new(
        "mail-1", "Zoë Müller", "zoe@township.example", "Grüße from Township",
        "Hello Zoë,\n\nhttps://township.example/confirm?token=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-\n.\n",
        "<p>Hello Zoë</p>");

    [Fact]
    public async Task A_mail_file_appears_whole_and_its_link_can_be_read()
    {
        using var folder = new TemporaryFolder();
        var transport = new MaildirTransport(TestData.Directory(folder.Path), Options.Create(new EmailSettings()));

        await transport.SendAsync(Message, default);
        await transport.SendAsync(Message, default);

        var file = Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, "mail", "new")));
        var text = await File.ReadAllTextAsync(file);
        Assert.Contains("https://township.example/confirm?token=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-", text, StringComparison.Ordinal);
        Assert.Contains("Message-ID: <mail-1@township.example>", text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<zoe@township.example>", text, StringComparison.Ordinal);
        Assert.Contains("Date: ", text, StringComparison.Ordinal);
        Assert.Contains("Subject: =?utf-8?", text, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(folder.Path, "mail", "tmp")));
        var headers = text[..text.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
        Assert.All(headers, static c => Assert.True(c < 128, "Headers are ASCII."));
    }

    [Fact]
    public async Task A_configured_mail_server_gets_the_mail()
    {
        using var server = new SmtpListener();
        var transport = new SmtpTransport(Options.Create(new EmailSettings { Host = "127.0.0.1", Port = server.Port, Tls = false }));

        await transport.SendAsync(Message, default).WaitAsync(TimeSpan.FromSeconds(30));

        var commands = server.Commands.ToArray();
        Assert.Contains(commands, static line => line.StartsWith("MAIL FROM:<no-reply@township.example>", StringComparison.Ordinal));
        Assert.Contains("RCPT TO:<zoe@township.example>", commands);
        Assert.Contains("Hello Zo=C3=AB", server.Data, StringComparison.Ordinal);
        Assert.Contains("<p>Hello Zo=C3=AB</p>", server.Data, StringComparison.Ordinal); // comes after a line of one dot, which must not end the mail
    }

    [Fact]
    public async Task A_mail_server_that_is_away_is_an_error_that_the_job_repeats()
    {
        var transport = new SmtpTransport(Options.Create(new EmailSettings { Host = "127.0.0.1", Port = Millrace.TestKit.Loopback.FreePort(), Tls = false }));

        await Assert.ThrowsAnyAsync<Exception>(() => transport.SendAsync(Message, default).WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_template_encodes_values_and_keeps_the_subject_on_one_line()
    {
        var template = EmailTemplate.Parse("Hello {{name}}\nDear {{name}},\n\nsee {{link}} now\n");

        var (subject, text, html) = template.Render(new Dictionary<string, string>
        {
            ["name"] = "Eve <script>\r\nBcc: all@example.org",
            ["link"] = "https://a.example/?x=1&y=2",
        });

        Assert.DoesNotContain('\n', subject);
        Assert.DoesNotContain('\r', subject);
        Assert.Contains("<script>", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"https://a.example/?x=1&amp;y=2\"", html, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => template.Render(new Dictionary<string, string> { ["name"] = "x" }));
    }

    /// <summary>As much of RFC 5321 as one mail needs.</summary>
    private sealed class SmtpListener : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly StringBuilder _data = new();

        public SmtpListener()
        {
            _listener.Start();
            _ = ServeAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public ConcurrentQueue<string> Commands { get; } = [];

        public string Data => _data.ToString();

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            using var client = await _listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1);
            await using var writer = new StreamWriter(stream, Encoding.ASCII) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 test ESMTP");
            while (await reader.ReadLineAsync() is { } line)
            {
                Commands.Enqueue(line);
                if (line == "DATA")
                {
                    await writer.WriteLineAsync("354 go on");
                    while (await reader.ReadLineAsync() is { } content && content != ".")
                    {
                        _data.Append(content).Append("\r\n");
                    }
                }

                await writer.WriteLineAsync(line == "QUIT" ? "221 bye" : "250 ok");
            }
        }
    }
}
