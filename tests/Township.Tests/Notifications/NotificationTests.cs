using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs;
using Millrace.Realtime;
using Township.Modules.Accounts;
using Township.Modules.Notifications;
using Township.Modules.Notifications.Digest;
using Township.Modules.Notifications.InApp;
using Township.Platform.Data;

namespace Township.Tests.Notifications;

[Trait("req", "T-11")]
public sealed class NotificationTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_notification_reaches_the_open_window_the_page_and_the_mailbox()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        await visitor.SignInAsync();
        var live = new TaskCompletionSource<Publication>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscription = host.Services.GetRequiredService<ChannelClient>().Subscribe(
            AccountsChannels.User(DemoAccounts.ResidentId), (publication, _) =>
            {
                live.TrySetResult(publication);
                return ValueTask.CompletedTask;
            });

        await host.Services.GetRequiredService<JobClient>().EnqueueAsync(
            new Notify([DemoAccounts.ResidentId, "nobody"], "task", "A task is yours", "Mend the swing.", "/projects/p1"));

        var publication = await live.Task.WaitAsync(Limit);
        Assert.Equal("inbox-changed", publication.Type);
        var page = await visitor.ReadAsync("/notifications");
        Assert.Contains("A task is yours", page, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"1 unread\"", page, StringComparison.Ordinal);
        Assert.Contains("/projects/p1", await host.WaitForMailAsync(DemoAccounts.ResidentEmail, "Mend the swing."), StringComparison.Ordinal);

        using var read = await visitor.SendFormAsync("/notifications", [], "/notifications?handler=Read");
        Assert.Contains("All read.", await visitor.ReadAsync("/notifications"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preferences_are_respected()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        await visitor.SignInAsync();
        using var saved = await visitor.SendFormAsync("/account/preferences", new Dictionary<string, string>
        {
            ["Input.Language"] = "de-DE",
            ["Input.TimeZone"] = "Europe/Berlin",
            ["Input.NotifyInApp"] = "false",
            ["Input.NotifyByEmail"] = "false",
        });
        var jobs = host.Services.GetRequiredService<JobClient>();

        var id = await jobs.EnqueueAsync(new Notify([DemoAccounts.ResidentId], "task", "Quiet", "please", "/"));
        await DoneAsync(host, id);

        Assert.Contains("Europe/Berlin", await visitor.ReadAsync("/"), StringComparison.Ordinal);
        Assert.Equal(0, await host.Services.GetRequiredService<Database>().ScalarAsync<long>("select count(*) from notifications"));
        Assert.DoesNotContain((await jobs.ListAsync(new JobQuery())).Jobs, static job => job.Type == "send-email");
    }

    [Fact]
    public async Task The_newest_notifications_are_kept_and_an_added_one_is_not_added_again()
    {
        await using var host = await TownshipHost.StartAsync();
        var inbox = host.Services.GetRequiredService<Inbox>();

        for (var i = 0; i < NotificationStore.MaximumPerUser + 5; i++)
        {
            await inbox.AddAsync(Numbered(i), default);
        }

        await inbox.AddAsync(Numbered(NotificationStore.MaximumPerUser + 4), default);

        Assert.Equal(NotificationStore.MaximumPerUser, await inbox.CountUnreadAsync(DemoAccounts.ResidentId, default));
        var newest = await inbox.ListAsync(DemoAccounts.ResidentId, null, 1, default);
        Assert.Equal($"Number {NotificationStore.MaximumPerUser + 4}", newest[0].Title);
    }

    [Fact]
    public async Task The_daily_digest_goes_to_those_who_want_it_and_have_something_unread()
    {
        await using var host = await TownshipHost.StartAsync();
        var database = host.Services.GetRequiredService<Database>();
        await database.ExecuteAsync("update users set daily_digest = true");
        await host.Services.GetRequiredService<Inbox>().AddAsync(
            Numbered(1) with { CreatedAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() }, default);

        await host.Services.GetRequiredService<JobClient>().EnqueueAsync(new SendDigests());

        var mail = await host.WaitForMailAsync(DemoAccounts.ResidentEmail, "since yesterday");
        Assert.Contains("Your day at Township: 1 new", mail, StringComparison.Ordinal);
        Assert.Contains("- Number 1", mail, StringComparison.Ordinal);
    }

    private static Notification Numbered(int number) => new()
    {
        Id = NewId.Create(1_800_000_000_000 + number)[..10] + $"{number:0000000000}",
        UserId = DemoAccounts.ResidentId,
        Kind = "test",
        Title = $"Number {number}",
        Body = "…",
        Link = "/",
        CreatedAt = 1_800_000_000_000 + number,
    };

    private static async Task DoneAsync(TownshipHost host, string id)
    {
        var done = host.Services.GetRequiredService<FinishedJobs>();
        await done.WaitAsync(id).WaitAsync(Limit);
    }
}
