using Millrace.Redis.Push;

namespace Millrace.Redis.Tests.Push;

public sealed class MessageBufferTests
{
    private const int Limit = 60_000;

    [Fact]
    public void The_oldest_messages_are_dropped_and_a_mark_counts_them()
    {
        var buffer = new MessageBuffer(3, 1_000);
        for (var i = 1; i <= 5; i++)
        {
            buffer.Add(Message(i));
        }

        Assert.Equal(["dropped 2", "3", "4", "5"], Take(buffer));
        Assert.Equal(2, buffer.Dropped);
    }

    [Fact]
    public void Bytes_are_bounded_too_and_one_message_may_exceed_them()
    {
        var buffer = new MessageBuffer(100, 10);
        buffer.Add(Message(1, bytes: 6));
        buffer.Add(Message(2, bytes: 5));
        Assert.Equal(["dropped 1", "2"], Take(buffer));

        buffer.Add(Message(3, bytes: 5));
        buffer.Add(Message(4, bytes: 50));
        Assert.Equal(["dropped 1", "4"], Take(buffer));

        buffer.Add(Message(5, bytes: 5));
        buffer.Add(Message(6, bytes: 5));
        Assert.Equal(["5", "6"], Take(buffer));
    }

    [Fact]
    public void A_mark_keeps_its_place_and_marks_beside_each_other_are_one()
    {
        var buffer = new MessageBuffer(10, 1_000);
        buffer.AddMark();
        buffer.AddMark();
        buffer.Add(Message(1));
        buffer.AddMark();
        buffer.AddMark();
        buffer.Add(Message(2));

        Assert.Equal(["dropped 0", "1", "dropped 0", "2"], Take(buffer));
    }

    [Fact]
    public void A_mark_that_is_dropped_is_kept_in_the_one_before_the_oldest()
    {
        var buffer = new MessageBuffer(2, 1_000);
        buffer.Add(Message(1));
        buffer.AddMark();
        buffer.Add(Message(2)); // drops 1
        buffer.Add(Message(3)); // drops the mark

        Assert.Equal(["dropped 1", "2", "3"], Take(buffer));
        Assert.Equal(1, buffer.Dropped);
    }

    [Fact]
    public void A_mark_for_dropped_messages_and_one_for_a_lost_connection_become_one()
    {
        var buffer = new MessageBuffer(1, 1_000);
        buffer.Add(Message(1));
        buffer.AddMark();

        Assert.Equal(["dropped 1"], Take(buffer));
        buffer.Add(Message(2));
        Assert.Equal(["2"], Take(buffer));
    }

    [Fact(Timeout = Limit)]
    public async Task A_waiting_reader_gets_the_next_message()
    {
        var buffer = new MessageBuffer(1, 1_000);
        var reading = buffer.TakeAsync(CancellationToken.None).AsTask();
        Assert.False(reading.IsCompleted);

        buffer.Add(Message(1));

        Assert.Equal("1", (await reading)!.Text);
    }

    [Fact(Timeout = Limit)]
    public async Task Every_message_goes_to_one_of_several_readers()
    {
        const int Messages = 10_000;
        const int Readers = 4;
        var buffer = new MessageBuffer(Messages + Readers, long.MaxValue); // all of it: readers may start late
        var readers = Enumerable.Range(0, Readers).Select(_ => Task.Run(async () =>
        {
            var taken = new List<string>();
            while (await buffer.TakeAsync(CancellationToken.None) is { Kind: not RedisMessageKind.Missed } message)
            {
                taken.Add(message.Text);
            }

            return taken;
        })).ToArray();

        for (var i = 1; i <= Messages; i++)
        {
            buffer.Add(Message(i));
            if (i % 100 == 0)
            {
                await Task.Yield();
            }
        }

        for (var i = 0; i < readers.Length; i++)
        {
            buffer.Add(RedisMessage.Missed(0)); // one for each reader ends it
        }

        var all = (await Task.WhenAll(readers)).SelectMany(static taken => taken).Select(static text => int.Parse(text, null)).Order();
        Assert.Equal(Enumerable.Range(1, Messages), all);
    }

    [Fact(Timeout = Limit)]
    public async Task An_error_is_thrown_once_everything_has_been_read()
    {
        var buffer = new MessageBuffer(10, 1_000);
        buffer.Add(Message(1));
        buffer.End(new RedisException("refused"));
        buffer.Add(Message(2));

        Assert.Equal("1", (await buffer.TakeAsync(CancellationToken.None))!.Text);
        Assert.Equal("refused", (await Assert.ThrowsAsync<RedisException>(() => buffer.TakeAsync(CancellationToken.None).AsTask())).Message);
        Assert.Equal("refused", (await buffer.Failed).Message);
    }

    [Fact(Timeout = Limit)]
    public async Task Disposal_ends_a_waiting_reader_and_drops_what_waits()
    {
        var buffer = new MessageBuffer(10, 1_000);
        var reading = buffer.TakeAsync(CancellationToken.None).AsTask();
        buffer.End(error: null);
        Assert.Null(await reading);

        var full = new MessageBuffer(10, 1_000);
        full.Add(Message(1));
        full.End(error: null);
        Assert.False(full.TryTake(out _));
    }

    [Fact(Timeout = Limit)]
    public async Task Waiting_can_be_cancelled_without_losing_a_message()
    {
        var buffer = new MessageBuffer(10, 1_000);
        using var cancellation = new CancellationTokenSource();
        var reading = buffer.TakeAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        buffer.Add(Message(1));

        Assert.Equal(["1"], Take(buffer));
    }

    private static RedisMessage Message(int number, int bytes = 1)
    {
        var text = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new RedisMessage(RedisMessageKind.Channel, "channel", pattern: null, System.Text.Encoding.ASCII.GetBytes(text.PadLeft(bytes)));
    }

    private static List<string> Take(MessageBuffer buffer)
    {
        var taken = new List<string>();
        while (buffer.TryTake(out var message))
        {
            taken.Add(message.Kind == RedisMessageKind.Missed ? $"dropped {message.Dropped}" : message.Text.Trim());
        }

        return taken;
    }
}
