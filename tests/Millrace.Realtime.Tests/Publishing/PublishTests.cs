using System.Text;
using System.Text.Json.Nodes;

namespace Millrace.Realtime.Tests.Publishing;

[Trait("req", "R-03")]
public sealed class PublishTests
{
    [Fact]
    public async Task Every_subscriber_gets_what_is_published_and_nobody_else_does()
    {
        await using var subject = new Subject(r => r.AddChannel("room:{id}", c => c.AllowAnyone()));
        var (_, first) = await subject.JoinAsync("room:1");
        var (_, second) = await subject.JoinAsync("room:1");
        var (_, other) = await subject.JoinAsync("room:2");

        await subject.Channels.PublishAsync("room:1", new TaskUpdated(7));
        await subject.Channels.PublishAsync("room:2", new TaskUpdated(8));

        Assert.Equal("""room:1={"taskId":7}""", await first.NextAsync());
        Assert.Equal("""room:1={"taskId":7}""", await second.NextAsync());
        Assert.Equal("""room:2={"taskId":8}""", await other.NextAsync());
        var statistics = subject.Channels.GetStatistics();
        Assert.Equal((3, 3, 2, 2L), (statistics.Connections, statistics.Subscriptions, statistics.Channels, statistics.Publications));
        Assert.Equal([new ChannelStatistics("room:1", 2), new ChannelStatistics("room:2", 1)], statistics.TopChannels);
        Assert.Equal([new ChannelStatistics("room:2", 1)], subject.Channels.ListChannels(after: "room:1"));
        Assert.Equal([new ChannelStatistics("room:1", 2)], subject.Channels.ListChannels(count: 1));
    }

    [Fact]
    public async Task A_message_is_serialised_once_however_many_receive_it()
    {
        await using var subject = new Subject(r => r.AddChannel("room", c => c.AllowAnyone()));
        var clients = new List<GatedTransport>();
        for (var i = 0; i < 5; i++)
        {
            clients.Add((await subject.JoinAsync("room")).Transport);
        }

        var message = new CountingMessage();
        await subject.Channels.PublishAsync("room", message);

        foreach (var client in clients)
        {
            Assert.Equal("""room={"text":"read"}""", await client.NextAsync());
        }

        Assert.Equal(1, message.Reads);
    }

    [Fact]
    public async Task A_transports_encoding_is_made_once_and_shared()
    {
        await using var subject = new Subject();
        var received = new List<Publication>();
        await using var first = Receive("a", 2, received, subject, out var done);

        await subject.Channels.PublishAsync("a", 1);
        await subject.Channels.PublishAsync("a", 2);
        await done.WaitAsync(Subject.Guard);

        var made = 0;
        var encoding = received[0].GetEncoding(publication => { made++; return new StringBuilder(publication.Type); });
        Assert.Same(encoding, received[0].GetEncoding(_ => { made++; return new StringBuilder(); }));
        Assert.Equal("other", received[0].GetEncoding(_ => "other"));
        Assert.Same(encoding, received[0].GetEncoding(_ => new StringBuilder()));
        Assert.NotSame(encoding, received[1].GetEncoding(_ => new StringBuilder()));
        Assert.Equal(1, made);
    }

    [Fact]
    public async Task A_message_carries_its_registered_name_or_its_types_in_kebab_case()
    {
        await using var subject = new Subject(configure: o => o.MessageName<Renamed>("project.renamed"));
        var received = new List<Publication>();
        await using var local = Receive("a", 8, received, subject, out var done);

        await subject.Channels.PublishAsync("a", new TaskUpdated(1));
        await subject.Channels.PublishAsync("a", new Renamed("x"));
        await subject.Channels.PublishAsync<object>("a", new TaskUpdated(1)); // by what it is, not by what it is held as
        await subject.Channels.PublishAsync("a", new HTTPStatus2XX());
        await subject.Channels.PublishAsync("a", new Changed<int>(1));
        await subject.Channels.PublishAsync("a", new { Text = "x" });
        await subject.Channels.PublishAsync<JsonNode>("a", new JsonObject());
        await subject.Channels.PublishAsync("a", "text");
        await done.WaitAsync(Subject.Guard);

        Assert.Equal(
            ["task-updated", "project.renamed", "task-updated", "http-status2-xx", "changed", "message", "message", "string"],
            received.Select(publication => publication.Type));
        Assert.Equal(new TaskUpdated(1), received[2].Read<TaskUpdated>());
    }

    [Fact]
    public async Task A_message_above_the_channels_limit_is_the_publishers_error()
    {
        await using var subject = new Subject(r => r.AddChannel("small", c => c.AllowAnyone().MaximumMessageBytes(12)), o => o.MaximumMessageBytes = 20);

        await subject.Channels.PublishAsync("small", new string('x', 10));
        var error = await Assert.ThrowsAsync<MessageTooLargeException>(async () => await subject.Channels.PublishAsync("small", new string('x', 11)));
        await subject.Channels.PublishAsync("undeclared", new string('x', 18));
        await Assert.ThrowsAsync<MessageTooLargeException>(async () => await subject.Channels.PublishAsync("undeclared", new string('x', 19)));

        Assert.Contains("'small' has 13 bytes of JSON, 12 are allowed", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, subject.Channels.GetStatistics().Publications);
    }

    [Fact]
    public async Task A_bad_name_or_no_message_is_the_publishers_error()
    {
        await using var subject = new Subject();

        await Assert.ThrowsAsync<ArgumentException>(async () => await subject.Channels.PublishAsync("a b", 1));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await subject.Channels.PublishAsync<string>("a", null!));
        Assert.Throws<ArgumentException>(() => { _ = subject.Channels.Subscribe("", (_, _) => default); });
    }

    [Fact]
    public async Task A_handler_inside_the_process_receives_in_order_and_survives_its_own_faults()
    {
        await using var subject = new Subject();
        var received = new List<int>();
        var done = new TaskCompletionSource();
        await using var local = subject.Channels.Subscribe("a", (publication, _) =>
        {
            var number = publication.Read<int>();
            received.Add(number);
            if (number == 99)
            {
                done.SetResult();
            }

            return number % 7 == 0 ? throw new InvalidOperationException("seventh") : ValueTask.CompletedTask;
        });

        for (var i = 0; i < 100; i++)
        {
            await subject.Channels.PublishAsync("a", i);
        }

        await done.Task.WaitAsync(Subject.Guard);
        Assert.Equal(Enumerable.Range(0, 100), received);
    }

    [Fact]
    public async Task A_handler_may_end_its_own_subscription()
    {
        await using var subject = new Subject();
        var received = 0;
        ChannelSubscription? local = null;
        var subscribed = new TaskCompletionSource();
        local = subject.Channels.Subscribe("a", async (_, _) =>
        {
            received++;
            await subscribed.Task;
            await local!.DisposeAsync();
        });
        subscribed.SetResult();

        await subject.Channels.PublishAsync("a", 1);
        Assert.Null(await local.Ended.WaitAsync(Subject.Guard));
        await local.DisposeAsync(); // from outside: waits for the handler
        await subject.Channels.PublishAsync("a", 2);

        Assert.Equal(1, received);
        Assert.Equal(0, subject.Channels.GetStatistics().Subscriptions);
    }

    [Fact]
    public async Task A_handler_that_is_under_way_is_cancelled_and_awaited_by_dispose()
    {
        await using var subject = new Subject();
        var started = new TaskCompletionSource();
        var ended = false;
        var local = subject.Channels.Subscribe("a", async (_, cancellationToken) =>
        {
            started.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            finally
            {
                ended = true;
            }
        });

        await subject.Channels.PublishAsync("a", 1);
        await started.Task.WaitAsync(Subject.Guard);
        await local.DisposeAsync().AsTask().WaitAsync(Subject.Guard);

        Assert.True(ended);
    }

    private static ChannelSubscription Receive(string channel, int count, List<Publication> received, Subject subject, out Task done)
    {
        var signal = new TaskCompletionSource();
        done = signal.Task;
        return subject.Channels.Subscribe(channel, (publication, _) =>
        {
            received.Add(publication);
            if (received.Count == count)
            {
                signal.SetResult();
            }

            return ValueTask.CompletedTask;
        });
    }

    private sealed record TaskUpdated(int TaskId);

    private sealed record Renamed(string Name);

    private sealed record HTTPStatus2XX;

    private sealed record Changed<T>(T Value);

    private sealed class CountingMessage
    {
        public int Reads;

        public string Text
        {
            get
            {
                Reads++;
                return "read";
            }
        }
    }
}
