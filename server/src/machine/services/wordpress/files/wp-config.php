<?php
/**
 * WordPress's configuration, written by Koza on this machine's first day. It is yours: Koza does not write it again.
 */

define( 'DB_NAME', 'wordpress-db' );
define( 'DB_USER', 'wordpress-user' );
define( 'DB_PASSWORD', '@DB_PASSWORD@' );
define( 'DB_HOST', 'localhost' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );

@SALTS@

$table_prefix = 'wp_';

define( 'WP_DEBUG', false );

// The machine's names, the forwarded scheme, and what may be asked of the outside.
if ( is_readable( '/etc/koza/wordpress/host.php' ) ) {
	require '/etc/koza/wordpress/host.php';
}

/* That's all, stop editing! Happy publishing. */

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}

require_once ABSPATH . 'wp-settings.php';
