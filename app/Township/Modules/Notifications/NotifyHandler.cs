using Millrace.Jobs;
using Township.Modules.Accounts;
using Township.Modules.Notifications.Email;
using Township.Modules.Notifications.InApp;

namespace Township.Modules.Notifications;

/// <summary>Repeatable: a notification's id comes from the job's, so a second attempt adds nothing twice.</summary>
internal sealed class NotifyHandler(Profiles profiles, Inbox inbox, JobClient jobs, TimeProvider time) : IJobHandler<Notify>
{
    public async Task HandleAsync(Notify job, JobContext context, CancellationToken cancellationToken)
    {
        if (job.UserIds.Count > Notify.MaximumUsers || !job.Link.StartsWith('/') || job.Link.StartsWith("//", StringComparison.Ordinal))
        {
            throw new UnrecoverableJobException(
                $"A notification goes to at most {Notify.MaximumUsers} users and links to a path on this site.");
        }

        var createdAt = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var userId in job.UserIds.Distinct())
        {
            if (await profiles.FindAsync(userId, cancellationToken) is not { } profile)
            {
                continue;
            }

            if (profile.NotifyInApp)
            {
                var id = NewId.Derive(createdAt: context.CreatedAt.ToUnixTimeMilliseconds(), $"{context.Id}/{userId}");
                await inbox.AddAsync(
                    new Notification
                    {
                        Id = id, UserId = userId, Kind = job.Kind, Title = job.Title, Body = job.Body, Link = job.Link,
                        CreatedAt = createdAt,
                    },
                    cancellationToken);
            }

            if (profile.NotifyByEmail && job.Kind != "welcome")
            {
                await jobs.EnqueueAsync(
                    new SendEmail(
                        "notification",
                        userId,
                        new Dictionary<string, string> { ["title"] = job.Title, ["body"] = job.Body, ["link"] = job.Link }),
                    options => options.Id($"mail-{NewId.Derive(0, $"{context.Id}/{userId}")}"),
                    cancellationToken);
            }
        }
    }
}
