using System.Globalization;
using Millrace.Jobs;
using Township.Modules.Notifications.Email;
using Township.Modules.Notifications.InApp;

namespace Township.Modules.Notifications.Digest;

/// <summary>Goes through the users in pages; a mail's id comes from this job's, so a second attempt sends nothing twice.</summary>
internal sealed class SendDigestsHandler(Database database, NotificationStore notifications, JobClient jobs, TimeProvider time)
    : IJobHandler<SendDigests>
{
    private const int PageSize = 200;
    private const int MaximumItems = 20;

    public async Task HandleAsync(SendDigests job, JobContext context, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow().AddDays(-1).ToUnixTimeMilliseconds();
        var sent = 0;
        for (var after = ""; ;)
        {
            var users = await database.QueryAsync<string>(
                "select id from users where daily_digest and confirmed_at is not null and id > @after order by id limit @limit",
                new { after, limit = (long)PageSize },
                cancellationToken);
            foreach (var userId in users)
            {
                sent += await SendAsync(userId, since, context.Id, cancellationToken) ? 1 : 0;
            }

            if (users.Count < PageSize)
            {
                break;
            }

            after = users[^1];
        }

        await context.ReportProgressAsync(100, $"{sent} digests", cancellationToken);
    }

    private async Task<bool> SendAsync(string userId, long since, string jobId, CancellationToken cancellationToken)
    {
        var unread = await notifications.ListUnreadSinceAsync(userId, since, MaximumItems, cancellationToken);
        if (unread.Count == 0)
        {
            return false;
        }

        var values = new Dictionary<string, string>
        {
            ["count"] = unread.Count.ToString(CultureInfo.InvariantCulture),
            ["items"] = string.Join('\n', unread.Select(item => $"- {item.Title}")),
            ["link"] = "/notifications",
        };
        await jobs.EnqueueAsync(
            new SendEmail("digest", userId, values),
            options => options.Id($"digest-{NewId.Derive(0, $"{jobId}/{userId}")}"),
            cancellationToken);
        return true;
    }
}
