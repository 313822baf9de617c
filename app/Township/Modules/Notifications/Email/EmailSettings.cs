using System.ComponentModel.DataAnnotations;

namespace Township.Modules.Notifications.Email;

/// <summary>Section <c>Smtp</c>. Without a host, mails are files in <c>mail/new</c> under the data directory.</summary>
internal sealed class EmailSettings
{
    public const string Section = "Smtp";

    /// <summary>The mail server's name; unset for files.</summary>
    public string? Host { get; set; }

    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>Whether to insist on STARTTLS.</summary>
    public bool Tls { get; set; } = true;

    /// <summary>The sender.</summary>
    [Required]
    [EmailAddress]
    public string From { get; set; } = "no-reply@township.example";
}
