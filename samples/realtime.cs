#!/usr/bin/env -S dotnet run --file
#:project ../src/Millrace.Realtime/Millrace.Realtime.csproj
#:package Microsoft.Extensions.Hosting
#:property PublishAot=false
using Microsoft.Extensions.DependencyInjection;
using Millrace.Realtime;

// Run: dotnet run samples/realtime.cs
var services = new ServiceCollection();
services.AddMillraceRealtime()
    .AddChannel("project:{id}", channel => channel.AllowAuthenticated())
    .AddChannel("poll:{id}", channel => channel.AllowAnyone().OnOverflow(OverflowPolicy.CollapseToLatest).OutboxLimit(1));
await using var provider = services.BuildServiceProvider();
var channels = provider.GetRequiredService<ChannelClient>();

// Subscribers inside the process; browsers join the same channels through the hub of Millrace.AspNetCore.
var saved = new TaskCompletionSource();
await using var project = channels.Subscribe("project:42", (publication, _) =>
{
    Console.WriteLine($"{publication.Channel}: {publication.Type} #{publication.Read<TaskUpdated>()!.TaskId}");
    saved.TrySetResult();
    return ValueTask.CompletedTask;
});

// Publish from anywhere: it never waits for a subscriber.
await channels.PublishAsync("project:42", new TaskUpdated(7, "Paint the fence"));
await saved.Task;

// A subscriber that is slower than its channel: of a poll it gets the latest result, not every one.
var (reading, counted) = (new TaskCompletionSource(), new TaskCompletionSource());
await using var poll = channels.Subscribe("poll:1", async (publication, _) =>
{
    await reading.Task;
    var votes = publication.Read<PollChanged>()!.Votes;
    Console.WriteLine($"{publication.Channel}: {votes} votes");
    if (votes == 1_000)
    {
        counted.SetResult();
    }
});
for (var votes = 1; votes <= 1_000; votes++)
{
    await channels.PublishAsync("poll:1", new PollChanged(votes));
}

reading.SetResult();
await counted.Task;
var statistics = channels.GetStatistics();
Console.WriteLine($"{statistics.Publications} publications, {statistics.Drops} collapsed");

internal sealed record TaskUpdated(int TaskId, string Title);

internal sealed record PollChanged(int Votes);
