using Millrace.Jobs;
using Township.Modules.Notifications.Email;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Links;

/// <summary>Makes the link here rather than when the job is enqueued: its secret is never in a job's payload.</summary>
internal sealed class SendAccountEmailHandler(
    AccountsStore accounts, AccountLinks links, EmailSender email, PublicAddress address) : IJobHandler<SendAccountEmail>
{
    public async Task HandleAsync(SendAccountEmail job, JobContext context, CancellationToken cancellationToken)
    {
        if (await accounts.FindByEmailAsync(job.Email, cancellationToken) is not { } account)
        {
            return;
        }

        var (template, path) = (job.Purpose, account.ConfirmedAt) switch
        {
            (_, null) => ("confirm-email", "/confirm?token=" + await LinkAsync(LinkPurpose.ConfirmEmail)),
            (LinkPurpose.ConfirmEmail, _) => ("already-registered", "/forgot-password"),
            (LinkPurpose.ResetPassword, _) => ("reset-password", "/reset-password?token=" + await LinkAsync(LinkPurpose.ResetPassword)),
            _ => throw new UnrecoverableJobException($"'{job.Purpose}' is not a purpose of an account link."),
        };
        await email.SendAsync(
            template,
            account.Name,
            account.Email,
            new Dictionary<string, string> { ["link"] = address.Link(path) },
            context.Id,
            cancellationToken);

        Task<string> LinkAsync(string purpose) => links.CreateAsync(account.Id, purpose, cancellationToken);
    }
}
