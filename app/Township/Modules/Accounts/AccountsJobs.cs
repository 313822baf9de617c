using Millrace.Jobs;
using Township.Modules.Accounts.Links;
using Township.Modules.Accounts.Sessions;
using Township.Modules.Notifications;

namespace Township.Modules.Accounts;

internal static class AccountsJobs
{
    public static void AddAccountsJobs(this IServiceCollection services) =>
        services.AddMillraceJobs()
            .AddHandler<SendAccountEmail, SendAccountEmailHandler>("send-account-email", job =>
            {
                job.Queue = NotificationsJobs.EmailQueue;
                job.Priority = 10; // somebody is waiting for it
                job.MaxAttempts = NotificationsJobs.EmailAttempts;
            })
            .AddHandler<TidyAccounts, TidyAccountsHandler>("tidy-accounts")
            .AddSchedule("tidy-accounts", "30 2 * * *", new TidyAccounts());
}
