using System.Diagnostics.Metrics;

namespace Millrace.Realtime.Tests.Publishing;

public sealed class ConcurrencyTests
{
    private const int Publishers = 4;
    private const int Rooms = 5;
    private const int PublicationsEach = 2_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("req", "R-02")]
    public async Task Order_holds_and_nothing_comes_twice_while_clients_come_and_go(int seed)
    {
        await using var subject = new Subject(
            r => r.AddChannel("room:{id}", c => c.AllowAnyone().OutboxLimit(100_000, 16 << 20)),
            o => (o.ClientMessageBurst, o.ConnectionOutboxBytes) = (1_000_000, 256 << 20));

        // One client stays: it must get everything. Others join, leave and go; what they get must be in order, once.
        var stayer = new RecordingTransport(Publishers * PublicationsEach);
        var staying = subject.Connections.Open("stayer", Subject.User("ann"), stayer);
        for (var room = 0; room < Rooms; room++)
        {
            Assert.True((await staying.SubscribeAsync($"room:{room}")).Succeeded);
        }

        var recorded = new List<RecordingTransport> { stayer };
        var publishing = Enumerable.Range(0, Publishers).Select(publisher => Task.Run(() => PublishAsync(publisher))).ToArray();
        var visiting = Enumerable.Range(0, 4).Select(visitor => Task.Run(() => VisitAsync(visitor))).ToArray();
        await Task.WhenAll([.. publishing, .. visiting]).WaitAsync(Subject.Guard);
        await stayer.Complete.WaitAsync(Subject.Guard);
        await staying.DisposeAsync();

        Assert.Equal(Publishers * PublicationsEach, stayer.Received.Count);
        foreach (var transport in recorded)
        {
            var last = new Dictionary<(string, int), int>();
            foreach (var (channel, publisher, number) in transport.Received)
            {
                var before = last.GetValueOrDefault((channel, publisher), -1);
                Assert.True(number > before, $"seed {seed}: {channel} gave {number} of publisher {publisher} after {before}");
                last[(channel, publisher)] = number;
            }
        }

        // All that were there for the same two publications of a channel saw them in the same order.
        var order = stayer.Received.GroupBy(item => item.Channel).ToDictionary(
            group => group.Key, group => group.Select((item, index) => (item, index)).ToDictionary(pair => (pair.item.Publisher, pair.item.Number), pair => pair.index));
        foreach (var transport in recorded)
        {
            foreach (var group in transport.Received.GroupBy(item => item.Channel))
            {
                var positions = group.Select(item => order[group.Key][(item.Publisher, item.Number)]).ToList();
                Assert.Equal(positions.Order(), positions);
            }
        }

        var statistics = subject.Channels.GetStatistics();
        Assert.Equal((0, 0, 0, 0L), (statistics.Connections, statistics.Subscriptions, statistics.Channels, statistics.Drops));

        async Task PublishAsync(int publisher)
        {
            var random = new Random((seed * 100) + publisher);
            for (var number = 0; number < PublicationsEach; number++)
            {
                await subject.Channels.PublishAsync($"room:{random.Next(Rooms)}", new Numbered(publisher, number));
                if (random.Next(50) == 0)
                {
                    await Task.Yield();
                }
            }
        }

        async Task VisitAsync(int visitor)
        {
            var random = new Random((seed * 1000) + visitor);
            for (var visit = 0; visit < 50; visit++)
            {
                var transport = new RecordingTransport(int.MaxValue);
                lock (recorded)
                {
                    recorded.Add(transport);
                }

                await using var connection = subject.Connections.Open($"v{visitor}-{visit}", Subject.User("bob"), transport);
                for (var step = 0; step < 20; step++)
                {
                    var room = $"room:{random.Next(Rooms)}";
                    if (random.Next(3) == 0)
                    {
                        await connection.UnsubscribeAsync(room);
                    }
                    else
                    {
                        await connection.SubscribeAsync(room);
                    }

                    await Task.Yield();
                }
            }
        }
    }

    [Fact]
    public async Task A_client_that_joins_while_it_is_closed_leaves_nothing_behind()
    {
        for (var i = 0; i < 200; i++)
        {
            await using var subject = new Subject(r => r.AddChannel("room:{id}", c => c.AllowAnyone()));
            var (connection, _) = subject.Connect();
            var joining = Task.Run(async () =>
            {
                for (var room = 0; room < 20; room++)
                {
                    await connection.SubscribeAsync($"room:{room}");
                }
            });
            await Task.Yield();
            await connection.DisposeAsync();
            await joining.WaitAsync(Subject.Guard);

            var statistics = subject.Channels.GetStatistics();
            Assert.Equal((0, 0, 0), (statistics.Connections, statistics.Subscriptions, statistics.Channels));
        }
    }

    [Fact]
    public async Task What_the_meter_counts_is_what_the_statistics_say()
    {
        var counted = new Dictionary<string, long>();
        await using var subject = new Subject(r => r.AddChannel("room", c => c.AllowAnyone().OutboxLimit(2)));
        using var listener = new MeterListener();
        var meter = new object();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Millrace.Realtime")
            {
                self.EnableMeasurementEvents(instrument, meter);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Count(instrument.Name, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Count(instrument.Name, value));
        listener.Start();

        var (connection, stalled) = await subject.JoinAsync("room", open: false);
        await subject.Channels.PublishAsync("room", 0);
        await stalled.Stalled;
        for (var i = 1; i <= 5; i++)
        {
            await subject.Channels.PublishAsync("room", i);
        }

        stalled.Open();
        await stalled.TakeAsync(3);
        await connection.SubscribeAsync("nowhere");
        await connection.DisposeAsync();

        // Other tests' subjects use meters of the same name: at least what this one did.
        lock (counted)
        {
            Assert.True(counted["millrace.realtime.publications"] >= 6);
            Assert.True(counted["millrace.realtime.deliveries"] >= 3);
            Assert.True(counted["millrace.realtime.drops"] >= 3);
            Assert.True(counted["millrace.realtime.refusals"] >= 1);
        }

        var statistics = subject.Channels.GetStatistics();
        Assert.Equal((6L, 3L, 3L, 1L), (statistics.Publications, statistics.Deliveries, statistics.Drops, statistics.Refusals));

        void Count(string name, long value)
        {
            lock (counted)
            {
                counted[name] = counted.GetValueOrDefault(name) + value;
            }
        }
    }

    private sealed record Numbered(int Publisher, int Number);

    private sealed class RecordingTransport(int expected) : ChannelTransport
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<(string Channel, int Publisher, int Number)> Received { get; } = [];

        public Task Complete => _complete.Task;

        public override ValueTask WriteAsync(Publication publication, CancellationToken cancellationToken)
        {
            var numbered = publication.Read<Numbered>()!;
            Received.Add((publication.Channel, numbered.Publisher, numbered.Number));
            if (Received.Count == expected)
            {
                _complete.SetResult();
            }

            return ValueTask.CompletedTask;
        }

        public override ValueTask WriteUnsubscribedAsync(string channel, string reason, CancellationToken cancellationToken) => default;

        public override void Close(string reason, bool mayReconnect) => _complete.TrySetException(new InvalidOperationException(reason));
    }
}
