using Millrace.Jobs;
using Township.Modules.Notifications.Digest;
using Township.Modules.Notifications.Email;

namespace Township.Modules.Notifications;

internal static class NotificationsJobs
{
    public const string EmailQueue = "email";
    public const string NotificationQueue = "notification";

    /// <summary>With the engine's doubling delays: a mail server may be away for about a day.</summary>
    public const int EmailAttempts = 16;

    public static void AddNotificationsJobs(this IServiceCollection services) =>
        services.AddMillraceJobs()
            .AddQueue(EmailQueue, concurrency: 5)
            .AddQueue(NotificationQueue, concurrency: 10)
            .AddHandler<SendEmail, SendEmailHandler>("send-email", job =>
            {
                job.Queue = EmailQueue;
                job.MaxAttempts = EmailAttempts;
            })
            .AddHandler<Notify, NotifyHandler>("notify", job => job.Queue = NotificationQueue)
            .AddHandler<SendDigests, SendDigestsHandler>("send-digests", job => job.Queue = NotificationQueue)
            .AddSchedule("daily-digest", "0 8 * * *", new SendDigests());
}
